import JSON
import LaunchPlan

/// What the next supervisor must know to adopt a run.
package struct RunRecord: Codable, Sendable, Equatable {
    private static let currentFormat = 1

    private var format = RunRecord.currentFormat
    package var pid: Int32
    /// With the pid it names the process for ever (`ProcFS.Stat.startTime`).
    package var startTime: UInt64
    package var identity: String
    package var service: Service
    package var bindings: [String: String]
    /// Was ready once.
    package var ready: Bool
    /// Where each passed descriptor is in the process, by name.
    package var descriptors: [String: Int32]
    /// Wall clock, RFC 3339, for people.
    package var started: String
    /// The folder of its control group, where it has one.
    package var group: String?
    /// Leases that the process holds, by its ids, and those of them that it has no endpoint for yet.
    package var leases: [String: String] = [:]
    package var waitingLeases: [Int] = []

    package init(
        pid: Int32, startTime: UInt64, identity: String, service: Service, bindings: [String: String], ready: Bool, descriptors: [String: Int32],
        started: String, group: String? = nil
    ) {
        self.pid = pid
        self.startTime = startTime
        self.identity = identity
        self.service = service
        self.bindings = bindings
        self.ready = ready
        self.descriptors = descriptors
        self.started = started
        self.group = group
    }

    /// Nil where there is none that this version understands.
    package static func read(_ directory: RunDirectory) -> RunRecord? {
        guard let bytes = try? AtomicFile.read(directory.record) else { return nil }
        let record: RunRecord? = try? decode(bytes, directory.record)
        return record?.format == currentFormat ? record : nil
    }

    package func write(_ directory: RunDirectory) throws(OperationError) {
        try AtomicFile.write(try encoded(self).bytes, to: directory.record, durable: false)
    }
}
