import Host
import LaunchPlan

/// A probe with everything resolved: where it goes and what it runs.
enum ProbeTarget {
    case http(SocketAddress, request: [UInt8])
    case connect(SocketAddress)
    case exec(SpawnRequest)

    /// - Parameters:
    ///   - address: of an endpoint of this very run.
    ///   - command: how the service itself would be started with these arguments.
    static func resolve(
        _ check: Probe.Check, address: (Endpoint) throws(OperationError) -> SocketAddress,
        command: ([PlanValue]) throws(OperationError) -> SpawnRequest
    ) throws(OperationError) -> ProbeTarget {
        switch check {
        case .http(let path, let endpoint): .http(try address(endpoint), request: HTTPProbe.request("GET", path, body: nil))
        case .post(let path, let body, let endpoint): .http(try address(endpoint), request: HTTPProbe.request("POST", path, body: body))
        case .tcp(let endpoint): .connect(try address(endpoint))
        case .exec(let argv): .exec(try command(argv))
        }
    }
}

/// One HTTP/1.1 exchange of which only the status counts.
enum HTTPProbe {
    static func request(_ method: String, _ path: String, body: String?) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nUser-Agent: anyclaude-probe\r\nConnection: close\r\n"
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        return Array((head + "\r\n" + (body ?? "")).utf8)
    }

    /// Nil while the status line is not complete.
    static func result(_ answer: [UInt8]) -> ProbeResult? {
        guard let end = answer.firstIndex(of: 0x0A) else {
            return answer.count > 1024 ? .failed(reason: "the answer is not HTTP", timedOut: false) : nil
        }
        let fields = answer[..<end].split(separator: UInt8(ascii: " "))
        guard answer.starts(with: Array("HTTP/1.".utf8)), fields.count > 1, let status = Int(String(decoding: fields[1].prefix(3), as: UTF8.self))
        else {
            return .failed(reason: "the answer is not HTTP", timedOut: false)
        }
        // 1xx are followed by the answer proper; a probe's request never asks for one.
        return (200..<400).contains(status) ? .passed : .failed(reason: "status \(status)", timedOut: false)
    }
}
