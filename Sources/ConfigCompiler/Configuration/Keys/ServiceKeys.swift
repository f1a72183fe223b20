import JSON
import LaunchPlan

/// The keys that every started service has.
enum RestartKeys {
    static let initial = Key<Int>.duration("initial", 0...3_600_000, default: 0, "The wait before the first restart.")
    static let max = Key<Int>.duration("max", 0...86_400_000, default: 60_000, "The longest wait; each one is twice the one before.")
    static let resetAfter = Key<Int>.duration("resetAfter", default: 60_000, "A run this long makes the next wait the first again.")
    static let slowRetry = Key<Int>.duration("slowRetry", default: 300_000, "How often a service that failed is tried again.")
    static let intensity = Key<Section>.section("intensity", IntensityKeys.scope, "How many failures are too many.")
    static let scope = Scope("a restart policy", keys: [initial.spec, max.spec, resetAfter.spec, slowRetry.spec, intensity.spec])
}

enum IntensityKeys {
    static let failures = Key<Int>.integer("failures", 1...10_000, default: 10, "More exits than this give up.")
    static let within = Key<Int>.duration("within", default: 300_000, "The time in which they are counted.")
    static let scope = Scope("an intensity", keys: [failures.spec, within.spec])
}

enum StopKeys {
    static let timeout = Key<Int>.duration("timeout", default: 30_000, "How long a service may take to end after SIGTERM before SIGKILL.")
    static let scope = Scope("a stop policy", keys: [timeout.spec])
}

enum IdleKeys {
    static let stopAfter = Key<Int>.duration("stopAfter", 1000...86_400_000 * 30, "A worker that nobody has used for so long is stopped.").otherwise(
        "never by itself: only where another worker on demand needs its room in `budget.memory`")
    static let scope = Scope("an idle policy", keys: [stopAfter.spec])
}

enum ResourceKeys {
    static let memory = Key<Int>.size("memory", 1 << 20...1 << 50, "The memory that the service may use.").otherwise("not limited")
    static let threads = Key<Int>.integer("threads", 1...4096, "Threads for computing.").otherwise("all cores")
    static let cpus = Key<[Int]>.processors("cpus", "The processors that the service may run on, as `0-3` or `0,2`.").otherwise("all")
    static let scope = Scope("resources", keys: [memory.spec, threads.spec, cpus.spec])
}

enum LogKeys {
    static let maxBytes = Key<Int>.size("maxBytes", 4096...1 << 40, default: 16 << 20, "A log file is exchanged at this size.")
    static let maxFiles = Key<Int>.integer("maxFiles", 0...1000, default: 5, "How many old files are kept.")
    static let whenFull = Key<LogPolicy.WhenFull>.choice(
        "whenFull", default: .wait,
        [Choice("wait", "the service waits"), Choice("drop", "lines are dropped and counted")],
        "What happens where output comes faster than it can be written.")
    static let scope = Scope("a log policy", keys: [maxBytes.spec, maxFiles.spec, whenFull.spec])
}

enum HealthKeys {
    static let startup = Key<ProbeChoice>.probe("startup", ProbeKeys.startupScope, "Repeated until it passes once; nothing else is asked before.")
    static let readiness = Key<ProbeChoice>.probe("readiness", ProbeKeys.scope, "Requests wait for it; it never restarts the worker.")
    static let liveness = Key<ProbeChoice>.probe("liveness", ProbeKeys.scope, "Misses in a row restart the worker; a busy worker is not a dead one.")
    static let scope = Scope("health", keys: [startup.spec, readiness.spec, liveness.spec])
}

enum ProbeKeys {
    static let http = Key<String>.httpPath("http", "GET this path; a status of 200 to 399 passes.")
    static let tcp = Key<Int>.port("tcp", "A connection to this port is accepted.")
    static let exec = Key<[String]>.arguments("exec", "This program ends with 0.")
    static let period = Key<Int>.duration("period", 10...3_600_000, "How often it is asked.")
    static let timeout = Key<Int>.duration("timeout", 10...3_600_000, "How long one answer may take.")
    static let deadline = Key<Int>.duration("timeout", 100...86_400_000, "How long the whole start may take.")
    static let failures = Key<Int>.integer("failures", 1...1000, "Misses in a row that count.")
    static let scope = Scope("a probe", keys: [http.spec, tcp.spec, exec.spec, period.spec, timeout.spec, failures.spec])
    static let startupScope = Scope("a startup probe", keys: [http.spec, tcp.spec, exec.spec, period.spec, deadline.spec])
}
