import Control
import Glibc
import Host

/// What the executable does, with its exit codes.
public enum SupervisorProgram {
    /// Until it is told to stop.
    public static func run(_ options: SupervisorOptions) -> Int32 {
        let environment = ProcessEnvironment.current
        return CrashPoint.honoured(environment) { run(options, environment) }
    }

    private static func run(_ options: SupervisorOptions, _ environment: [String: String]) -> Int32 {
        do throws(OperationError) {
            return try Supervisor.run(options, environment: environment)
        } catch {
            SupervisorLog().write(.error, error.message + (error.hint.map { " (\($0))" } ?? ""))
            return error.exitCode
        }
    }

    /// After the unit has stopped for good nothing may be left. A supervisor that crashed is started again instead, and its
    /// services live on until then: `SERVICE_RESULT` of systemd.exec(5) tells the two apart, but for a crash in the middle of a stop.
    public static func sweep(_ options: SupervisorOptions) -> Int32 {
        let environment = ProcessEnvironment.current
        let instance = Instance(name: options.instance, environment: environment)
        let result = environment["SERVICE_RESULT"]
        let isFinal = result == nil || result == "success" || result == "timeout" || access(Supervisor.stoppingMark(instance), F_OK) == 0
        if isFinal { Supervisor.sweep(instance, environment: environment) }
        return 0
    }
}
