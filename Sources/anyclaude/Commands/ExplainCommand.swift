import ArgumentParser
import ConfigCompiler

struct ExplainCommand: Command {
    static let configuration = CommandConfiguration(commandName: "explain", abstract: "What a code of a finding or a key of the configuration means.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: ArgumentHelp("A code as AC0301, or a key as proxy.port; all of them where left out.", valueName: "code or key")) var subject:
        String?

    func execute(_ session: Session) throws -> Int32 {
        guard let subject else {
            for code in Explanation.allCodes { Output.print("\(code.rawValue)  \(code.page.title)") }
            for key in Explanation.allKeys { Output.print(key) }
            return ExitStatus.success
        }
        guard let text = Explanation.code(subject) ?? Explanation.key(subject) else {
            throw CommandError("there is no code or key `\(subject)`", hint: "`anyclaude explain` lists them", exitCode: ExitStatus.usage)
        }
        Output.print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
        return ExitStatus.success
    }
}
