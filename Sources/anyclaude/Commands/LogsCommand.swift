import ArgumentParser
import Control

struct LogsCommand: Command {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "The output of the services.")

    @OptionGroup var global: FollowOptions
    @Argument(help: "One service; all of them where left out.") var service: String?
    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many of the last lines to begin with.", valueName: "N")) var lines = 50

    func validate() throws {
        if lines < 0 { throw ValidationError("-n \(lines): expected a number of lines") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let supervisor = try session.requireSupervisor(session.instanceName())
        let events = try supervisor.client.logs(service: service, lines: lines, follow: global.follow)
        while true {
            switch try events.step(by: .after(milliseconds: 60_000)) {
            case .event(let line): Output.print(service == nil ? "\(session.style.dim("\(line.service) |")) \(line.line)" : line.line)
            case .waiting: guard global.follow else { throw CommandError("no more lines came in time", exitCode: ExitStatus.inputOutput) }
            case .ended: return ExitStatus.success
            }
        }
    }
}
