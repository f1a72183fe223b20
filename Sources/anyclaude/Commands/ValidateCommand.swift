import ArgumentParser
import ConfigCompiler
import Diagnostics
import JSON

struct ValidateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Say everything that is wrong with a configuration; quiet when nothing is.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The configurations; `-` is standard input.", completion: .file()) var files: [String] = []
    @Option(help: "How the findings are written: text or json.") var format = Format.text

    func execute(_ session: Session) throws -> Int32 {
        let paths = files.isEmpty ? [try session.requireConfigurationPath()] : files
        var result = ExitStatus.success
        var documents: [JSON] = []
        for path in paths {
            do throws(CommandError) {
                let compilation = try session.compilation(of: path)
                if compilation.hasErrors { result = max(result, ExitStatus.diagnostics) }
                switch format {
                case .text: show(compilation, session)
                case .json: documents.append(JSONRenderer().render(compilation.diagnostics, compilation.sources))
                }
            } catch {
                // The others are still looked at.
                Output.report(error, style: session.errorStyle)
                result = max(result, error.exitCode)
            }
        }
        if format == .json { Output.print(documents.count == 1 ? documents[0] : .array(documents)) }
        return result
    }

    private func show(_ compilation: Compilation, _ session: Session) {
        guard !compilation.diagnostics.isEmpty else { return }
        let renderer = TextRenderer(color: session.style.isColored, width: Terminal.width(1))
        Output.print(renderer.render(compilation.diagnostics, compilation.sources), terminator: "")
    }
}
