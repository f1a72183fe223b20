import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore

/// `POST /v1/messages`: by the backends of its route.
struct MessagesEndpoint: Sendable {
    let assembly: ProxyAssembly

    func respond(_ request: Request, _ body: ByteBuffer, _ requestID: String, _ permit: Gate.Permit) async throws -> Response {
        guard let (json, parts) = try assembly.json(of: body, in: request) else {
            return try await assembly.passUnread(request, body, requestID, permit)
        }
        let caller = Caller(request)
        let call = ProxySettings.Call(json, headers: request.headers, bytes: body.readableBytes)
        RequestTrace.current?.note(call, streams: json["stream"]?.boolValue ?? false)
        let targets = try assembly.backends.targets(for: call, affinity: caller.conversation)
        let limits = try assembly.rates.admit(caller.account)
        let exchange = MessageExchange(
            assembly: assembly, request: request, body: body, json: json, parts: parts, call: call, caller: caller, requestID: requestID,
            permit: permit)
        var response = try await exchange.respond(by: targets[...])
        // The API behind a backend has limits of its own.
        for field in limits where response.headers[field.name] == nil { response.headers[field.name] = field.value }
        return response
    }
}
