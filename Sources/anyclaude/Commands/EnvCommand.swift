import ArgumentParser
import Control
import JSON

struct EnvCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "The variables with which Claude Code uses the stack: eval \"$(anyclaude env)\".")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "As JSON.") var json = false

    func execute(_ session: Session) throws -> Int32 {
        let name = session.instanceName()
        guard let current = try session.currentPlan(name) else {
            throw CommandError(
                "nothing has been applied yet for the instance `\(name)`", hint: "`anyclaude apply` does it", exitCode: ExitStatus.precondition)
        }
        let variables = try StackClient(current).environment(session.caller).variables
        if json {
            let members = variables.map { JSONObject.Member(key: $0.name, value: .string($0.value)) }
            Output.print((["environment": .object(JSONObject(members))] as JSON).versioned())
        } else {
            for variable in variables { Output.print("export \(variable.name)=\(Text.shellWord(variable.value))") }
        }
        return ExitStatus.success
    }
}
