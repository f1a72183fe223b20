import JSON

/// Where a picture is.
public enum ImageSource: Sendable, Equatable {
    /// - Parameter mediaType: by the file's first bytes, since clients are known to mislabel pictures and servers to refuse them for it.
    case base64(mediaType: String, data: String)
    /// An address of `http` or `https`.
    case url(String)
    /// What no server but the API can read: a file of the Files API, a kind that came later, bytes that are no picture's.
    case other(type: String)
}

extension ImageSource {
    /// - Parameter path: of the image block.
    init(_ json: JSON?, at path: String) throws(AnthropicError) {
        guard let object = json?.objectValue else { throw .invalid("\(path).image.source: Field required") }
        switch object["type"]?.stringValue {
        case "base64":
            guard let data = object["data"]?.stringValue, !data.isEmpty else { throw .invalid("\(path).image.source.base64.data: Field required") }
            self = Self.ofData(data, label: object["media_type"]?.stringValue)
        case "url":
            guard let url = object["url"]?.stringValue else { throw .invalid("\(path).image.source.url.url: Field required") }
            try self.init(url: url, at: path)
        case let type?: self = .other(type: "source \(type)")
        case nil: throw .invalid("\(path).image.source.type: Field required")
        }
    }

    /// A server that is handed an address fetches it: nothing but the web must be reachable by one.
    private init(url: String, at path: String) throws(AnthropicError) {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        switch scheme {
        case "http", "https": self = .url(url)
        case "data":
            guard let comma = url.firstIndex(of: ","), url[..<comma].hasSuffix(";base64") else {
                throw .invalid("\(path).image.source.url.url: a data URL of an image must be base64")
            }
            self = Self.ofData(String(url[url.index(after: comma)...]), label: nil)
        default: throw .invalid("\(path).image.source.url.url: Only HTTP and HTTPS URLs are supported")
        }
    }

    private static func ofData(_ data: String, label: String?) -> ImageSource {
        guard let format = ImageHeader.Format(base64: data) else { return .other(type: label ?? "unknown format") }
        return .base64(mediaType: format.mediaType, data: data)
    }

    /// What a model that cannot see is told of it.
    var placeholder: String {
        switch self {
        case .base64(_, let data): "[image omitted: \(ImageHeader(base64: data)?.description ?? "unknown format")]"
        case .url(let address): "[image omitted: \(address)]"
        case .other(let type): "[image omitted: \(type)]"
        }
    }
}
