import ArgumentParser
import ConfigCompiler
import Control
import LaunchPlan

/// A subcommand: what it does is `execute`; what every one shares about errors and exit codes is here.
protocol Command: ParsableCommand {
    associatedtype Options: CommonOptions
    var global: Options { get }

    /// - Returns: the exit code.
    func execute(_ session: Session) throws -> Int32
}

extension Command {
    func run() throws {
        let fallback = Style(isColored: false)
        var style = fallback
        do {
            let session = try Session(global, command: Self.configuration.commandName ?? "")
            style = session.errorStyle
            let code = try execute(session)
            if code != ExitStatus.success { throw ExitCode(code) }
        } catch let error as ExitCode {
            throw error
        } catch let error as ValidationError {
            // The parser prints these with the command's usage, and ends with 64.
            throw error
        } catch let error as CommandError {
            try fail(error, style)
        } catch let error as ControlClientError {
            try fail(CommandError(error), style)
        } catch let error as ConfigFileError {
            try fail(CommandError(error), style)
        } catch {
            try fail(CommandError("\(error)", hint: "this is a defect of anyclaude", exitCode: ExitStatus.internalError), style)
        }
    }

    private func fail(_ error: CommandError, _ style: Style) throws {
        Output.report(error, style: style)
        throw ExitCode(error.exitCode)
    }
}
