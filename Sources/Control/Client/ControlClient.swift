import JSON
import LaunchPlan

/// The supervisor as its callers see it: the routes of `ControlAPI` as functions.
///
/// Every request is bounded by `timeoutMs` until its answer begins; events are waited for as the caller says.
public struct ControlClient {
    public let http: HTTPClient
    public var timeoutMs: Int

    public init(http: HTTPClient, timeoutMs: Int = 10_000) {
        self.http = http
        self.timeoutMs = timeoutMs
    }

    /// - Parameter socket: `Instance.controlSocket`.
    public init(socket: String) { self.init(http: HTTPClient(unixSocket: socket)) }

    public func status() throws(ControlClientError) -> StatusReport { try get(.get(ControlAPI.status)) }

    /// What is current; nil where no generation is.
    public func currentPlan() throws(ControlClientError) -> CurrentPlan? {
        do throws(ControlClientError) {
            return try get(.get(ControlAPI.plan))
        } catch {
            if error.kind == .refused(status: 404) { return nil }
            throw error
        }
    }

    /// Newest first.
    public func history() throws(ControlClientError) -> [HistoryEntry] { try get(.get(ControlAPI.history)) }

    /// What would stand in the way of an apply.
    public func preflight(_ request: ApplyRequest) throws(ControlClientError) -> PreflightReport {
        try get(.post(ControlAPI.preflight, try Self.encode(request)))
    }

    public func apply(_ request: ApplyRequest) throws(ControlClientError) -> ControlEvents<ProgressEvent> { try post(ControlAPI.apply, request) }

    public func rollback(_ request: RollbackRequest) throws(ControlClientError) -> ControlEvents<ProgressEvent> {
        try post(ControlAPI.rollback, request)
    }

    public func down(_ request: DownRequest) throws(ControlClientError) -> ControlEvents<ProgressEvent> { try post(ControlAPI.down, request) }

    /// The service as it is once its restart has begun.
    public func restart(_ request: RestartRequest) throws(ControlClientError) -> ServiceStatus {
        try get(.post(ControlAPI.restart, try Self.encode(request)))
    }

    public func collectGarbage(_ request: GCRequest) throws(ControlClientError) -> GCReport {
        try get(.post(ControlAPI.gc, try Self.encode(request)))
    }

    /// - Parameter service: nil for all of them.
    public func logs(service: String?, lines: Int, follow: Bool) throws(ControlClientError) -> ControlEvents<LogLine> {
        let query = (service.map { [("service", $0)] } ?? []) + [("lines", String(lines)), ("follow", String(follow))]
        return ControlEvents(try http.events(.get(ControlAPI.logs, query: query), by: .after(milliseconds: timeoutMs)))
    }

    /// Counts the caller as a client for as long as the stream is kept.
    public func attach() throws(ControlClientError) -> EventStream { try http.events(.get(ControlAPI.attach), by: .after(milliseconds: timeoutMs)) }

    private func get<Answer: Decodable>(_ request: HTTPRequest) throws(ControlClientError) -> Answer {
        try Self.decode(try http.document(request, by: .after(milliseconds: timeoutMs)), of: request.path)
    }

    private func post(_ path: String, _ body: some Encodable) throws(ControlClientError) -> ControlEvents<ProgressEvent> {
        ControlEvents(try http.events(.post(path, try Self.encode(body)), by: .after(milliseconds: timeoutMs)))
    }

    private static func encode(_ body: some Encodable) throws(ControlClientError) -> JSON {
        do {
            return try JSON(encoding: body)
        } catch {
            throw ControlClientError(.malformed, "the request cannot be written: \(error)")
        }
    }

    static func decode<Answer: Decodable>(_ document: JSON, of path: String) throws(ControlClientError) -> Answer {
        do throws(JSONDecodingError) {
            return try document.decode()
        } catch {
            throw ControlClientError(
                .malformed, "the answer to \(path) is not what it should be: \(error)",
                hint: "the supervisor may be of another version; restart it with `anyclaude down` and `anyclaude apply`")
        }
    }
}
