import ArgumentParser
import ConfigCompiler
import Control
import Diagnostics
import Glibc
import LaunchPlan

struct EmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emit", abstract: "Write the plan in the words of another supervisor; alone, list those that are known.",
        subcommands: [EmitSystemdCommand.self])

    func run() {
        for target in Self.configuration.subcommands.map({ $0.configuration }) {
            Output.print("\((target.commandName ?? "").padding(to: 8))  \(target.abstract)")
        }
    }
}

struct EmitSystemdCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "systemd", abstract: "Units for systemd, which then supervises by itself: no rollback, no overlap, no liveness probes.",
        discussion: """
            Prints the files, or writes them below --out, a folder that stands for `/`: `--out /` installs them. Only what changed is \
            written, and never over a file that emit did not write; below another folder than `/`, through no symbolic link. No secret is \
            read: the notes on standard error say which files to fill.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(
        help: ArgumentHelp("A saved plan instead of the configuration here; `-` is standard input.", valueName: "planfile"), completion: .file())
    var planFile: String?
    @Option(help: ArgumentHelp("Write below this folder, which stands for `/`.", valueName: "DIR"), completion: .directory) var out: String?
    @Flag(help: "For the user's own manager (`systemctl --user`) instead of the machine's.") var user = false
    @Option(help: ArgumentHelp("Where anyclaude's programs will be; otherwise where this one is.", valueName: "DIR"), completion: .directory)
    var bin: String?
    @Flag(help: "Remove files that emit wrote for this instance and that the plan no longer has.") var replace = false
    @Flag(help: "Overwrite files that emit did not write.") var force = false
    @Flag(help: "Show what would change below --out (otherwise `/`), write nothing, and end with 2 where something would.") var diff = false

    func validate() throws {
        if planFile != nil, global.file != nil { throw ValidationError("a saved plan is taken as it is: -f does not go with it") }
        if out?.isEmpty == true { throw ValidationError("--out needs a folder; `/` is this machine") }
        if bin?.isEmpty == true { throw ValidationError("--bin needs a folder") }
        if out == nil, replace || force { throw ValidationError("--replace and --force go with --out DIR") }
        if diff, replace || force { throw ValidationError("--diff writes nothing: neither --replace nor --force goes with it") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let (plan, directory) = try source(session)
        let bindings = try bindings(plan, directory, session)
        let emission: Emission
        do throws(EmitError) {
            emission = try SystemdEmitter.emit(plan, bindings: bindings)
        } catch {
            throw CommandError(error.message, hint: error.hint, exitCode: ExitStatus.diagnostics)
        }
        for note in emission.notes { Output.note("\(session.errorStyle.hint("note")): \(Text.line(note))") }
        if let out = out ?? (diff ? "/" : nil) { return try install(emission, bindings, plan.instance, session.caller.absolute(out), session) }
        for file in emission.files {
            Output.print("# ==> \(file.path)")
            Output.print(bytes: file.bytes)
            Output.print("")
        }
        return ExitStatus.success
    }

    private func source(_ session: Session) throws -> (plan: LaunchPlan, directory: String) {
        if let planFile {
            let (envelope, plan) = try PlanFile.read(planFile)
            if let name = global.instance, name != plan.instance {
                throw CommandError(
                    "the plan is for the instance `\(plan.instance)`, not `\(name)`",
                    hint: "make one with `anyclaude plan --instance \(name) --out FILE`", exitCode: ExitStatus.precondition)
            }
            return (plan, PlanFile.configurationDirectory(envelope.provenance, caller: session.caller))
        }
        let compiled = try session.compile(try session.requireConfigurationPath())
        return (compiled.plan, compiled.directory)
    }

    private func bindings(_ plan: LaunchPlan, _ directory: String, _ session: Session) throws(CommandError) -> SystemdBindings {
        let caller = session.caller
        // `..` in the plan's paths is taken away by text, which is right for a folder without links.
        let config = try Paths.real(directory)
        let bin = bin.map(caller.absolute) ?? caller.programs
        var programs: [String: String] = [:]
        for service in plan.services {
            let argv = [service.argv.first] + [service.probes.startup, service.probes.readiness].map(Self.program)
            for case .text(let name)? in argv where !name.contains("/") {
                programs[name] = Paths.onPath(name, caller.environment).map(caller.absolute)
            }
        }
        guard user else { return .system(instance: plan.instance, config: config, bin: bin, programs: programs) }
        let instance = Instance(name: plan.instance, environment: caller.environment)
        func variable(_ name: String) -> String? { caller.environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        return .user(
            instance: plan.instance, config: config, bin: bin, home: caller.home,
            settingsHome: caller.absolute(variable("XDG_CONFIG_HOME") ?? "\(caller.home)/.config"),
            runtime: variable("XDG_RUNTIME_DIR") ?? "/run/user/\(getuid())",
            state: instance.state, cache: instance.cache, logs: instance.logs, programs: programs)
    }

    private static func program(_ probe: Probe?) -> PlanValue? {
        guard case .exec(let argv)? = probe?.check else { return nil }
        return argv.first
    }

    private func install(
        _ emission: Emission, _ bindings: SystemdBindings, _ instance: String, _ root: String, _ session: Session
    ) throws -> Int32 {
        let tree = try EmittedTree(emission, instance: instance, root: root, bindings: bindings)
        if diff { return show(tree, session.style) }
        let done = try tree.write(force: force, removingStale: replace)
        for entry in done { Output.print("\(entry.state == .stale ? "removed" : entry.state == .new ? "new" : "changed")  \(entry.path)") }
        for entry in tree.entries where entry.state == .stale && !replace {
            Output.note("\(entry.path) is no longer in the plan; `--replace` removes it")
        }
        if done.isEmpty { Output.note("nothing changed") } else { next(instance, root, session) }
        return ExitStatus.success
    }

    private func show(_ tree: EmittedTree, _ style: Style) -> Int32 {
        var changes = false
        for entry in tree.entries where entry.state != .unchanged {
            changes = true
            Output.print(style.bold("\(entry.state.rawValue)  \(entry.path)"))
            guard entry.state == .changed || entry.state == .foreign else { continue }
            let old = SourceText(path: entry.path, bytes: entry.old ?? [])
            let new = SourceText(path: entry.path, bytes: entry.file?.bytes ?? [])
            let difference = UnifiedDiff(old: old, new: new, names: (entry.path, entry.path))
            Output.print(UnifiedDiffText(style: style, isTerminal: Terminal.isTerminal(STDOUT_FILENO)).text(difference), terminator: "")
        }
        return changes ? ExitStatus.changes : ExitStatus.success
    }

    private func next(_ instance: String, _ root: String, _ session: Session) {
        guard root == "/" else { return Output.note("copy the tree to `/`, or write it there with `--out /`") }
        let systemctl = user ? "systemctl --user" : "systemctl"
        Output.note("then: \(systemctl) daemon-reload && \(systemctl) enable --now anyclaude-\(instance).target")
    }
}

extension Paths {
    /// A folder by the path that has no symbolic links.
    static func real(_ path: String) throws(CommandError) -> String {
        guard let resolved = realpath(path, nil) else { throw CommandError("find", path, errno: errno) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
