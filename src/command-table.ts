import { optionRows, placeholderOf } from "../cluster/balancer/config/options.ts";
import type { CommandEntry } from "./context.ts";
import { hashes, policies } from "./placement/index.ts";
import { furtherCharts } from "./report/further-charts.ts";

type OptionRow = CommandEntry["options"][number];

const policyOption: OptionRow = [
  "--policy <name[:option=value]>",
  `how servers are chosen: ${Object.keys(policies).join(", ")}; or a module of your own: ./my-policy.js`,
];
const hashOption: OptionRow = [
  "--hash <name>",
  `${Object.keys(hashes).join(", ")}; or a module of your own: ./my-hash.js`,
];
const keyOption: OptionRow = [
  "--key <kind>",
  "what is hashed: client-ip, path, uri, header:NAME, cookie:NAME, query:NAME or request-id; several apart by commas: the first that a request has",
];
const checkOption: OptionRow = [
  "--check <path|tcp|off>",
  "how servers are checked, and how often: '/health interval=2000 timeout=1000 fall=3 rise=2' (default: /heartbeat of our own servers, tcp for others)",
];
const dryRun: OptionRow = ["--dry-run", "show what would be done, and do nothing"];
const outOption: OptionRow = ["--out <dir>", "the folder of reports", "reports"];
const noCharts: OptionRow = ["--no-charts", "draw no charts"];
const chartOption: OptionRow = [
  "--chart <list>",
  `further charts: ${Object.entries(furtherCharts)
    .map(([name, shows]) => `${name} (${shows})`)
    .join(", ")}; or all`,
];
const clientsOption: OptionRow = ["--clients <n>", "simulated client addresses (default: one a request)"];
const concurrency: OptionRow = ["--concurrency <n>", "requests under way at a time", "64"];
const seedOption: OptionRow = ["--seed <n>", "chooses the clients; the same seed sends the same keys", "1"];
const timeoutOption: OptionRow = ["--timeout <ms>", "a response that takes longer fails", "10000"];

const keyOptions: readonly OptionRow[] = [
  ["--zipf <exponent>", "requests follow Zipf's law: few clients send most of them"],
  ["--keys-file <file>", "keys from a file, counted; - is standard input, .gz is unpacked"],
  ["--key-field <field>", "a column from 1; host, user, method or target of an access log; or /expression/"],
];

const balancerOptions: readonly OptionRow[] = optionRows.flatMap(([, option]): OptionRow[] => {
  const { fallback, aliases = [] } = option;
  const placeholder = placeholderOf(option);
  const row = [`--${option.flag}${placeholder}`, option.help] as const;
  return [
    typeof fallback === "number" || typeof fallback === "string" ? [...row, String(fallback)] : row,
    ...aliases.map((alias): OptionRow => [`--${alias}${placeholder}`, `a former name of --${option.flag}`]),
  ];
});

/** Every command, in the order of the help. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: "up",
    endsItself: true,
    summary: "bring a fleet up: a balancer and N servers",
    description:
      "Brings the fleet up and waits until it is healthy. The same again changes nothing; a different ask is applied as a difference; failure or Ctrl-C rolls back.",
    options: [
      ["--servers <n>", "how many servers (default: 3, or what runs)"],
      [
        "--driver <name>",
        "process, compose, or auto: Compose where an engine responds, else processes (default: auto)",
      ],
      policyOption,
      hashOption,
      keyOption,
      ["--port <n>", "the balancer's port; control is one below, the servers above (default: 5000)"],
      ["--bind <address>", "the address that the balancer and the servers listen on (default: 127.0.0.1)"],
      ["--trust <list>", "peers whose X-Forwarded-For counts: CIDRs, loopback, gateway (default: loopback)"],
      checkOption,
      ["--base <image>", "the base of the images, for Compose: an image, or local"],
      dryRun,
    ],
    examples: [
      "lbctl up",
      "lbctl up --servers 5 --policy maglev",
      "lbctl up --driver compose",
      "lbctl up --fleet b --port 6000 --policy ring:vnodes=40 --hash md5",
      "lbctl up --policy ./my-policy.js:percent=10 --hash ./my-hash.js",
    ],
    load: () => import("./commands/up.ts"),
  },
  {
    name: "send",
    endsItself: true,
    summary: "send a burst of requests and show where they went",
    options: [
      ["--count <n>", "how many requests", "10000"],
      concurrency,
      clientsOption,
      ["--key <value>", "the key of every request; {n} becomes a number below --clients"],
      ["--body <bytes>", "send POSTs with a body of this size"],
      seedOption,
      timeoutOption,
      [
        "--expect <condition>",
        "exit with 99 unless it holds, e.g. failed<=0 or latencyMs.p99<50 (several apart by commas)",
      ],
      ["--save-hits", "keep every request in hits.csv"],
      outOption,
      noCharts,
    ],
    examples: [
      "lbctl send --count 10000",
      "lbctl send --count 100000 --concurrency 128 --clients 500",
      "lbctl send --count 1000 --key 10.1.2.3",
      "lbctl send --expect 'failed<=0,distribution.peakToMean<1.2' --json",
    ],
    load: () => import("./commands/send.ts"),
  },
  {
    name: "analyze",
    endsItself: true,
    summary: "study how policies spread load across server counts",
    description:
      "Scales a fleet through server counts, switches policies in place and sends a burst at each; the running fleet is used and put back, or one is brought up and taken down. With --simulate the same study runs offline.",
    options: [
      ["--servers <range>", "server counts: 2..6, 2,4,8 or 2,4,8,…,64; offline also names: a*2,b,c", "2..6"],
      [
        "--policy <list>",
        "policies, apart by commas; a path such as ./my-policy.js is one of your own",
        "ring,maglev,classroom",
      ],
      ["--hash <list>", "hash functions, apart by commas; a path such as ./my-hash.js is one of your own", "xxh64"],
      ["--count <n>", "requests a step (default: 10000, or one a key)"],
      ["--simulate", "offline, through the same placement code"],
      ["--runs <k>", "offline: k runs, each with other clients and server names: mean ± sd"],
      ["--weights <list>", "offline: the servers' weights, by turns: 1,1,2"],
      ["--keys <n>", "offline: distinct keys (default: one a request)"],
      ...keyOptions.map(([flags, what]): OptionRow => [flags, `offline: ${what}`]),
      concurrency,
      clientsOption,
      seedOption,
      timeoutOption,
      ["--driver <name>", "for a fleet of its own: process, compose or auto"],
      ["--port <n>", "for a fleet of its own"],
      outOption,
      chartOption,
      noCharts,
    ],
    examples: [
      "lbctl analyze --servers 2..6",
      "lbctl analyze --servers 2..6 --policy ring,maglev,modulo --hash xxh64,crc32",
      "lbctl analyze --simulate --servers 2,4,8,…,1024 --policy ring,maglev --keys 1000000",
      "lbctl analyze --simulate --servers 3 --policy ring --runs 20 --zipf 1.1",
      "lbctl analyze --simulate --keys-file access.log.gz --key-field host",
      "lbctl analyze --simulate --policy ring,./my-policy.js --hash xxh64,./my-hash.js",
      "lbctl analyze --simulate --chart ring,cdf",
    ],
    load: () => import("./commands/analyze.ts"),
  },
  {
    name: "down",
    summary: "take the fleet down; nothing is left",
    options: [["--all", "every fleet"], dryRun],
    examples: ["lbctl down", "lbctl down --fleet b", "lbctl down --all"],
    load: () => import("./commands/down.ts"),
  },
  {
    name: "status",
    endsItself: true,
    summary: "show servers, health, load, policy and driver",
    options: [["--watch", "show it again every second, until Ctrl-C"]],
    examples: ["lbctl status", "lbctl status --watch", "lbctl status --json"],
    load: () => import("./commands/status.ts"),
  },
  {
    name: "scale",
    endsItself: true,
    summary: "change the number of servers, without a failed request",
    arguments: [["<n>", "how many servers"]],
    options: [dryRun],
    examples: ["lbctl scale 5"],
    load: () => import("./commands/scale.ts"),
  },
  {
    name: "add",
    endsItself: true,
    summary: "add a server",
    arguments: [["[name]", "its name (default: the next server-i)"]],
    options: [dryRun],
    examples: ["lbctl add", "lbctl add canary"],
    load: () => import("./commands/add.ts"),
  },
  {
    name: "rm",
    endsItself: true,
    summary: "remove a server",
    arguments: [["[name]", "its name (default: the highest)"]],
    options: [dryRun],
    examples: ["lbctl rm", "lbctl rm server-2"],
    load: () => import("./commands/rm.ts"),
  },
  {
    name: "drain",
    endsItself: true,
    summary: "send a server no new requests",
    arguments: [["<name>", "the server"]],
    options: [["--undo", "send it requests again"], dryRun],
    examples: ["lbctl drain server-2", "lbctl drain server-2 --undo"],
    load: () => import("./commands/drain.ts"),
  },
  {
    name: "policy",
    endsItself: true,
    summary: "change the policy, the hash or the key of the running fleet",
    arguments: [["[name]", "the policy, with its options: ring:vnodes=40 or ./my-policy.js (default: as it is)"]],
    options: [hashOption, keyOption, dryRun],
    examples: ["lbctl policy maglev", "lbctl policy ring:vnodes=40 --hash murmur3", "lbctl policy --key header:X-User"],
    load: () => import("./commands/policy.ts"),
  },
  {
    name: "place",
    summary: "show where keys go, offline",
    arguments: [["[keys...]", "keys"]],
    options: [
      policyOption,
      hashOption,
      ["--servers <list>", "a number, or names with addresses and weights: a=10.0.0.1:80*2,b=10.0.0.2:80", "3"],
      ["--keys <file>", "read a key a line; - is standard input"],
      ["--down <names>", "servers that are in the ring but unavailable"],
      ["--owners <n>", "the first n servers of each key: its owner, whom it falls to next, where its copies go", "1"],
      ["--explain", "how each key comes to its server: its hash, its place and the next point on the ring"],
    ],
    examples: [
      "lbctl place 10.0.0.1 10.0.0.2 --servers 5",
      "lbctl place alice --servers 5 --owners 3 --explain",
      "lbctl place alice bob --policy maglev --servers a,b*2,c",
      "seq 1000000 | lbctl place --keys - --policy ring | cut -f2 | sort | uniq -c",
    ],
    load: () => import("./commands/place.ts"),
  },
  {
    name: "compare",
    summary: "show what moves when one placement takes the place of another",
    description:
      "Given what runs today and what would run tomorrow, each as POLICY[/HASH]@SERVERS: how many keys and requests move, which server gains or loses what, and the peak before and after.",
    arguments: [
      ["<before>", "what runs today, e.g. ring@4 or modulo/crc32@a,b,c"],
      ["<after>", "what would run tomorrow, e.g. ring@5 or maglev@a*2,b,c"],
    ],
    options: [["--keys <n>", "distinct clients (default: 1000000)"], ...keyOptions, seedOption],
    examples: [
      "lbctl compare ring@4 ring@5",
      "lbctl compare modulo@9 ring@9 --zipf 1.1",
      "lbctl compare ring/./my-hash.js@4 ./my-policy.js:percent=10/./my-hash.js@4",
      "lbctl compare ring@a,b,c 'maglev@a*2,b,c' --keys-file access.log.gz --key-field host",
    ],
    load: () => import("./commands/compare.ts"),
  },
  {
    name: "recommend",
    summary: "rank the policies that are even and stable enough, by what they cost",
    description:
      "Measures policies for these servers and keys: the busiest server's load, what moves when a server joins or one from the middle leaves, the time of a lookup and the memory. Those that meet the limits come first, the cheapest at the top; exits with 99 when none does.",
    options: [
      ["--servers <list>", "a number, or names with addresses and weights", "10"],
      ["--peak <ratio>", "the most that the busiest server may have, over its share", "1.1"],
      ["--moved <times>", "the most that a change may move, over the least that it must", "1.2x"],
      ["--policy <list>", "only these policies, apart by commas, ./my-policy.js too (default: all that place keys)"],
      ["--hash <list>", "hash functions, apart by commas", "xxh64"],
      ["--weights <list>", "the servers' weights, by turns: 1,1,2"],
      ["--runs <k>", "runs, each with other clients and server names (default: 3)"],
      ["--keys <n>", "distinct keys (default: 10000 a server, up to 500000)"],
      ...keyOptions,
      seedOption,
    ],
    examples: [
      "lbctl recommend --servers 10 --peak 1.1 --moved 1.2x",
      "lbctl recommend --servers 'a*2,b,c' --keys-file access.log --key-field target",
    ],
    load: () => import("./commands/recommend.ts"),
  },
  {
    name: "balance",
    endsItself: true,
    hearsHangup: true,
    summary: "run the balancer alone, in the foreground, before any HTTP servers",
    options: [
      ["--listen <address:port>", "where clients connect", "127.0.0.1:5000"],
      ["--server <name=address:port...>", "a server, once for each; *2 after it is its weight"],
      ["--servers-file <file>", "servers, name=address:port a line, # for comments; read again on SIGHUP"],
      policyOption,
      hashOption,
      keyOption,
      checkOption,
      [
        "--trust <list>",
        "peers whose X-Forwarded-For (and PROXY header) counts: CIDRs, loopback, gateway (default: none)",
      ],
      ["--control <address:port>", "the control API, on loopback; its token comes from LBCTL_TOKEN"],
      ["--access-log <file|->", "a line of JSON for each request (LBCTL_ACCESS_LOG); - for stdout"],
      ["--workers <n|auto>", "processes that share the port; auto for one a core", "1"],
      ...balancerOptions,
    ],
    examples: [
      "lbctl balance --listen 127.0.0.1:8080 --server a=127.0.0.1:3001 --server b=127.0.0.1:3002*2 --check tcp",
      "lbctl balance --servers-file servers.txt --access-log access.log",
    ],
    load: () => import("./commands/balance.ts"),
  },
  {
    name: "kill",
    summary: "end a server at once, to see what happens",
    arguments: [["<name>", "a server, or balancer"]],
    options: [],
    examples: ["lbctl kill server-2"],
    load: () => import("./commands/kill.ts"),
  },
  {
    name: "pause",
    summary: "freeze a server, to see what happens",
    arguments: [["<name>", "a server, or balancer"]],
    options: [["--undo", "let it go on"]],
    examples: ["lbctl pause server-2", "lbctl pause server-2 --undo"],
    load: () => import("./commands/pause.ts"),
  },
  {
    name: "logs",
    endsItself: true,
    summary: "show the logs of the fleet",
    arguments: [["[name]", "a server, balancer or supervisor (default: all)"]],
    options: [
      ["--follow", "go on until Ctrl-C"],
      ["--lines <n>", "the last lines of each", "50"],
    ],
    examples: ["lbctl logs", "lbctl logs balancer --follow"],
    load: () => import("./commands/logs.ts"),
  },
  {
    name: "report",
    summary: "show a saved run again, and draw its charts again",
    arguments: [["[run]", "its name or folder (default: the newest)"]],
    options: [outOption, chartOption, noCharts],
    examples: ["lbctl report", "lbctl report 2026-11-22T12-50-01-analyze", "lbctl report --chart ring"],
    load: () => import("./commands/report.ts"),
  },
  {
    name: "build",
    endsItself: true,
    summary: "build the images for Docker",
    options: [["--base <image>", "their base: an image, or local to make one from this machine's Node.js"], dryRun],
    examples: ["lbctl build", "lbctl build --base local"],
    load: () => import("./commands/build.ts"),
  },
  {
    name: "verify",
    summary: "reproduce the published figures of placement, offline",
    description:
      "Measures anew what papers, specifications and closed forms say of the policies, and prints each figure beside ours. Exits with 1 when one does not hold.",
    options: [],
    examples: ["lbctl verify", "lbctl verify --json"],
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "doctor",
    summary: "show what is here, what is missing and how to get it",
    options: [],
    examples: ["lbctl doctor"],
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "completion",
    summary: "print the completion script of a shell",
    arguments: [["<shell>", "bash, zsh or fish"]],
    options: [],
    examples: ["lbctl completion bash > /etc/bash_completion.d/lbctl"],
    load: () => import("./commands/completion.ts"),
  },
];
