import ArgumentParser
import ConfigCompiler
import Control
import Glibc
import JSON
import LaunchPlan

struct SuperviseCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "supervise", abstract: "Run the supervisor in the foreground, as systemd does.",
        discussion: """
            What is current starts. Where nothing was ever applied, the configuration is compiled first: --config, else the one in this \
            folder, or /etc/anyclaude/.anyclauderc.yaml as a service.
            """)

    private static let serviceConfiguration = "/etc/anyclaude/.anyclauderc.yaml"

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("The configuration for the first start (also -f).", valueName: "FILE"), completion: .file()) var config: String?

    func execute(_ session: Session) throws -> Int32 {
        let program = try SupervisorLauncher.path(session.caller)
        let name = try instanceName(session)
        let instance = session.instance(name)
        var arguments = [program, "--instance", name, "--foreground"]
        if try StoredGeneration.current(state: instance.state) == nil {
            let initial = try compileInitialPlan(session, instance)
            arguments += ["--initial-plan", initial]
        }
        session.debug(1, "executing \(arguments.joined(separator: " "))")
        throw ChildProcess.replaceSelf(arguments)
    }

    /// As a service, the unit's instance decides; the configuration of a current folder is not consulted.
    private func instanceName(_ session: Session) throws -> String {
        if let name = global.instance { return name }
        return session.caller.isService && config == nil ? Instance.defaultName : session.instanceName(of: config)
    }

    /// Compiles what is to run first, and leaves it where the supervisor reads it.
    private func compileInitialPlan(_ session: Session, _ instance: Instance) throws -> String {
        let path = try configurationPath(session)
        let compiled = try session.compile(path)
        let envelope = try PlanEnvelope(plan: compiled.plan, basePlanId: nil, provenance: compiled.provenance)
        let request = ApplyRequest(envelope, plan: compiled.plan, configDirectory: compiled.directory, session: session)
        try Paths.makeDirectory(instance.runtime, place: .state)
        let file = "\(instance.runtime)/initial-plan.json"
        try Files.write(try JSON(encoding: request).bytes, to: file, mode: 0o600, place: .state)
        return file
    }

    private func configurationPath(_ session: Session) throws -> String {
        if let path = config ?? global.file { return try readable(path) }
        return session.caller.isService ? try readable(Self.serviceConfiguration) : try session.requireConfigurationPath()
    }

    private func readable(_ path: String) throws -> String {
        guard Paths.exists(path) else {
            throw CommandError(
                "nothing was ever applied, and there is no configuration \(path)", hint: "write it, or name one with --config FILE",
                exitCode: ExitStatus.configuration)
        }
        return path
    }
}
