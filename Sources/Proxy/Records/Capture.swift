import FoundationEssentials
import LaunchPlan
import Logging
import Synchronization

/// Where whole exchanges go: bounded on the disk and, while they last, in memory. What is beyond that is not captured, and counted.
final class Capture: Sendable {
    let lines: LineWriter
    private let secrets: [[UInt8]]
    private let held = Atomic(0)
    private let refused = Atomic(0)
    /// Of all exchanges that are under way, and of one.
    private static let maximumHeld = 128 << 20
    static let maximumExchange = 48 << 20

    init(_ settings: ProxySettings.Capture, roots: PlanPath.Bindings, secrets: [String], logger: Logger) throws {
        let folder = try settings.directory.resolved(roots)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ProxyError("the folder of captured exchanges cannot be made: \(error)", hint: "name another in `proxy.capture.directory`")
        }
        self.secrets = secrets.map { Array($0.utf8) }
        lines = LineWriter(
            "\(folder)/\(ProxySettings.Capture.fileName)", maximumBytes: settings.maxBytes / (ProxySettings.Capture.oldFiles + 1),
            oldFiles: ProxySettings.Capture.oldFiles, limit: Self.maximumHeld, logger: logger)
    }

    /// Exchanges that are not in the files.
    var dropped: Int { lines.dropped + refused.load(ordering: .relaxed) }

    /// Room for so many bytes more, to be given back.
    func take(_ bytes: Int) -> Bool {
        guard held.add(bytes, ordering: .relaxed).newValue <= Self.maximumHeld else {
            held.subtract(bytes, ordering: .relaxed)
            return false
        }
        return true
    }

    func giveBack(_ bytes: Int) { held.subtract(bytes, ordering: .relaxed) }

    func add(_ exchange: CapturedExchange, _ facts: RequestTrace.Facts) {
        guard !exchange.isRefused else {
            refused.add(1, ordering: .relaxed)
            return
        }
        let secrets = secrets
        lines.add(size: exchange.size) { exchange.record(facts, hiding: secrets).json.bytes }
    }
}
