import ArgumentParser
import ConfigCompiler

struct SchemaCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "The JSON Schema (draft-07) of the configuration, for editors and other checkers.")

    @OptionGroup var global: GlobalOptions

    func execute(_ session: Session) throws -> Int32 {
        Output.print(SchemaDocument.draft07().prettyText)
        return ExitStatus.success
    }
}
