import HTTPTypes
import Hummingbird

extension Request {
    /// The client wants an answer of its own, and none of it kept.
    var bypassesCaches: Bool {
        headers.value("x-anyclaude-cache")?.lowercased() == "bypass" || headers[.cacheControl]?.lowercased().contains("no-store") == true
    }
}
