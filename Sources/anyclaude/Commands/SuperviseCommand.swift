import ArgumentParser
import ConfigCompiler
import Control
import Glibc
import Host
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
            arguments += ["--initial-plan", String(try compileInitialPlan(session))]
        }
        session.debug(1, "executing \(arguments.joined(separator: " "))")
        throw ChildProcess.replaceSelf(arguments)
    }

    /// As a service, the unit's instance decides; the configuration of a current folder is not consulted.
    private func instanceName(_ session: Session) throws -> String {
        if let name = global.instance { return name }
        return session.caller.isService && config == nil ? Instance.defaultName : session.instanceName(of: config)
    }

    /// Compiles what is to run first.
    ///
    /// - Returns: a descriptor that the supervisor inherits: the request holds secrets, and no file has to be removed.
    private func compileInitialPlan(_ session: Session) throws -> Int32 {
        let path = try configurationPath(session)
        let compiled = try session.compile(path)
        let envelope = try PlanEnvelope(plan: compiled.plan, basePlanId: nil, provenance: compiled.provenance)
        let request = ApplyRequest(envelope, plan: compiled.plan, configDirectory: compiled.directory, session: session)
        do throws(OperationError) {
            let descriptor = try SealedMemory.make("initial-plan", try encoded(request).bytes)
            guard fcntl(descriptor, F_SETFD, 0) == 0 else { throw .system("cannot pass the initial plan on", errno: errno) }
            return descriptor
        } catch {
            throw CommandError(error)
        }
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
