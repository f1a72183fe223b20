import ArgumentParser
import Supervisor

struct SupervisorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anyclaude-supervisor", abstract: "Keep one stack of anyclaude as its current generation says.",
        discussion: "Started by `anyclaude apply`, `anyclaude run` and `anyclaude supervise`; its control API is on the instance's Unix socket.")

    @Option(help: "The stack's name.") var instance = "default"
    @Flag(help: "End when the last client of `anyclaude run` has gone.") var untilIdle = false
    @Flag(help: "Adopt what runs, but start nothing before an apply.") var idle = false
    @Flag(help: "Accepted for clarity: it never goes to the background by itself.") var foreground = false
    @Option(help: ArgumentHelp("A descriptor that this program was given: with a request to apply where nothing is current.", valueName: "N"))
    var initialPlan: Int32?
    @Flag(help: "End every process of the instance whose supervisor is gone for good, and nothing else (ExecStopPost=).") var sweep = false

    func run() throws {
        let options = SupervisorOptions(instance: instance, untilIdle: untilIdle, idle: idle, initialPlan: initialPlan)
        throw ExitCode(sweep ? SupervisorProgram.sweep(options) : SupervisorProgram.run(options))
    }
}

SupervisorCommand.main()
