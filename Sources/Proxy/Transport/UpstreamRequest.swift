import NIOCore
import NIOHTTP1
import NIOSSL

/// What is asked of a server.
struct UpstreamRequest: Sendable {
    let address: UpstreamAddress
    let method: HTTPMethod
    let headers: HTTPHeaders
    let body: ByteBuffer?
    /// Of a secure origin.
    var tls: NIOSSLContext?

    /// With the fields that belong to the connection: whose host it is, and how long the body.
    var head: HTTPRequestHead {
        var headers = headers
        headers.remove(name: "transfer-encoding")
        headers.remove(name: "content-length")
        if !headers.contains(name: "host") { headers.add(name: "host", value: address.host) }
        switch (body, method) {
        case (let body?, _): headers.add(name: "content-length", value: "\(body.readableBytes)")
        // Of these nobody expects one (RFC 9110, section 8.6).
        case (nil, .GET), (nil, .HEAD), (nil, .DELETE), (nil, .OPTIONS), (nil, .TRACE): break
        case (nil, _): headers.add(name: "content-length", value: "0")
        }
        return HTTPRequestHead(version: .http1_1, method: method, uri: address.target, headers: headers)
    }
}
