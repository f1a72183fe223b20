import Control
import LaunchPlan

/// Where the proxy of a stack writes down what it is asked.
struct RecordPlaces {
    /// The request log; nil where none is written.
    let requests: String?
    /// Whole exchanges, prompts included; nil where none are kept.
    let exchanges: String?

    init(_ stack: StackClient) {
        let settings = stack.address.settings
        let bindings = PlanPath.Bindings(named: stack.current.bindings)
        func place(_ folder: PlanPath, _ name: String) -> String? { (try? folder.resolved(bindings)).map { "\($0)/\(name)" } }
        requests = settings.requestLog == nil ? nil : place(settings.directories.logs, ProxySettings.RequestLog.fileName)
        exchanges = settings.capture.flatMap { place($0.directory, ProxySettings.Capture.fileName) }
    }

    func lines(_ style: Style) -> [String] {
        let log = requests.map { style.dim("requests are logged in \(Text.line($0))") }
        let capture = exchanges.map { style.warning("whole exchanges, with their prompts, are kept in \(Text.line($0))") }
        return [log, capture].compactMap { $0 }
    }
}
