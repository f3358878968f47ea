/** A mistake in a policy, a hash or a list of servers. The message is one sentence that says what to do. */
export class PlacementError extends Error {
  override readonly name = "PlacementError";
}
