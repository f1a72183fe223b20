import ArgumentParser
import ConfigCompiler

struct ExplainCommand: Command {
    static let configuration = CommandConfiguration(commandName: "explain", abstract: "What a code of a finding or a key of the configuration means.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: ArgumentHelp("A code as AC0301, or a key as proxy.port.", valueName: "code or key")) var subject: String?
    @Flag(help: "All codes and keys; also where no subject is given.") var list = false
    @Flag(help: "As JSON.") var json = false

    func validate() throws {
        if list, let subject { throw ValidationError("`--list` shows all codes and keys: leave `\(subject)` out") }
    }

    func execute(_ session: Session) throws -> Int32 {
        guard let subject else {
            if json { Output.print(Explanation.listDocument) } else { Output.print(Explanation.list, terminator: "") }
            return ExitStatus.success
        }
        if json, let document = Explanation.document(of: subject) {
            Output.print(document)
        } else if !json, let text = Explanation.code(subject) ?? Explanation.key(subject) {
            Output.print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
        } else {
            let nearest = Explanation.nearest(to: subject).map { "did you mean `\($0)`? " } ?? ""
            throw CommandError(
                "there is no code or key `\(Text.line(subject))`", hint: "\(nearest)`anyclaude explain --list` has all of them",
                exitCode: ExitStatus.usage)
        }
        return ExitStatus.success
    }
}
