import ArgumentParser
import ConfigCompiler
import Control
import LaunchPlan

struct CheckSetupCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "check-setup", abstract: "Look at everything that a run needs: programs, configuration, folders, supervisor, models.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("Check for this backend instead of the one that the file says.", valueName: "NAME")) var backend: String?

    func execute(_ session: Session) throws -> Int32 {
        let checks = SetupChecks(session: session, backend: backend).all()
        let width = checks.map(\.subject.count).max() ?? 0
        for check in checks {
            let mark = !check.holds ? session.style.error("✘") : check.isWarning ? session.style.warning("!") : session.style.good("✔")
            Output.print("\(mark) \(check.subject.padding(to: width))  \(Text.line(check.finding))")
            if !check.holds || check.isWarning, let hint = check.hint {
                Output.print("  \(String(repeating: " ", count: width))  \(session.style.hint("hint")): \(Text.line(hint))")
            }
        }
        let failures = checks.count { !$0.holds }
        Output.print(failures == 0 ? "\nready" : "\n\(failures) of \(checks.count) do not hold")
        return failures == 0 ? ExitStatus.success : ExitStatus.diagnostics
    }
}
