import JSON

/// The line's form. Texts are bytes as they were; what is not UTF-8 is `{"base64": …}`.
extension RecordedExchange {
    public var json: JSON {
        var line: JSONObject = ["format": .string(Self.format), "version": .integer(Self.version), "id": .string(id), "time": .string(time)]
        line["backend"] = backend
        line["cache"] = cache.map(JSON.string)
        line["truncated"] = isTruncated ? true : nil
        line["left"] = wasLeft ? true : nil
        line["request"] = request.json("path")
        line["upstream"] = .array(questions.map(\.json))
        line["response"] = response?.json
        return .object(line)
    }

    /// What is wrong with a line.
    public struct Fault: Error, Equatable, CustomStringConvertible {
        public var description: String

        public init(_ description: String) { self.description = description }
    }

    public init(_ json: JSON) throws(Fault) {
        guard json["format"]?.stringValue == Self.format else { throw Fault("it is not a captured exchange") }
        guard json["version"]?.intValue == Self.version else { throw Fault("it is of another version of the format") }
        guard let id = json["id"]?.stringValue, let request = json["request"] else { throw Fault("`id` or `request` is missing") }
        self.id = id
        time = json["time"]?.stringValue ?? ""
        backend = json["backend"]
        cache = json["cache"]?.stringValue
        isTruncated = json["truncated"]?.boolValue ?? false
        wasLeft = json["left"]?.boolValue ?? false
        self.request = try Request(request, "path")
        var questions: [Question] = []
        for question in json["upstream"]?.arrayValue ?? [] { questions.append(try Question(question)) }
        self.questions = questions
        if let response = json["response"] { self.response = try Response(response) } else { response = nil }
    }

    /// All of a file.
    ///
    /// - Throws: with the line's number.
    public static func read(_ bytes: [UInt8]) throws(Fault) -> [RecordedExchange] {
        var exchanges: [RecordedExchange] = []
        for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() where !line.isEmpty {
            let json: JSON
            do throws(JSONError) { json = try JSON(parsing: Array(line)) } catch {
                throw Fault("line \(number + 1): it is not JSON: \(error.message)")
            }
            do throws(Fault) { exchanges.append(try RecordedExchange(json)) } catch { throw Fault("line \(number + 1): \(error)") }
        }
        return exchanges
    }

    fileprivate static func json(_ bytes: [UInt8]) -> JSON {
        String(validating: bytes, as: UTF8.self).map(JSON.string) ?? ["base64": .string(Base64.encode(bytes))]
    }

    fileprivate static func bytes(_ json: JSON?) throws(Fault) -> [UInt8] {
        if let text = json?.stringValue { return Array(text.utf8) }
        guard let text = json?["base64"]?.stringValue, let bytes = Base64.decode(whole: text) else {
            throw Fault("a body or a part of one is neither a string nor base64")
        }
        return bytes
    }

    fileprivate static func json(_ fields: [Field]) -> JSON { .array(fields.map { [.string($0.name), .string($0.value)] }) }

    fileprivate static func fields(_ json: JSON?) throws(Fault) -> [Field] {
        var fields: [Field] = []
        for field in json?.arrayValue ?? [] {
            guard let name = field[0]?.stringValue, let value = field[1]?.stringValue else { throw Fault("a header is not a pair") }
            fields.append(Field(name: name, value: value))
        }
        return fields
    }
}

extension RecordedExchange.Request {
    fileprivate func json(_ target: String) -> JSON {
        [
            "method": .string(method), target: .string(self.target), "headers": RecordedExchange.json(headers), "body": RecordedExchange.json(body),
        ]
    }

    fileprivate init(_ json: JSON, _ target: String) throws(RecordedExchange.Fault) {
        guard let method = json["method"]?.stringValue, let value = json[target]?.stringValue else {
            throw RecordedExchange.Fault("a request has no `method` or `\(target)`")
        }
        self.init(
            method: method, target: value, headers: try RecordedExchange.fields(json["headers"]), body: try RecordedExchange.bytes(json["body"] ?? "")
        )
    }
}

extension RecordedExchange.Response {
    fileprivate var json: JSON {
        [
            "status": .integer(status), "headers": RecordedExchange.json(headers),
            "parts": .array(parts.map { [.double($0.time), RecordedExchange.json($0.bytes)] }),
        ]
    }

    fileprivate init(_ json: JSON) throws(RecordedExchange.Fault) {
        guard let status = json["status"]?.intValue, (100...999).contains(status) else {
            throw RecordedExchange.Fault("a response has no `status`")
        }
        var parts: [RecordedExchange.Part] = []
        for part in json["parts"]?.arrayValue ?? [] {
            parts.append(.init(time: part[0]?.doubleValue ?? 0, bytes: try RecordedExchange.bytes(part[1])))
        }
        self.init(status: status, headers: try RecordedExchange.fields(json["headers"]), parts: parts)
    }
}

extension RecordedExchange.Question {
    fileprivate var json: JSON {
        var object: JSONObject = ["backend": backend.map(JSON.string) ?? .null, "at_ms": .double(time), "request": request.json("url")]
        object["response"] = response?.json
        object["failure"] = failure.map(JSON.string)
        return .object(object)
    }

    fileprivate init(_ json: JSON) throws(RecordedExchange.Fault) {
        guard let request = json["request"] else { throw RecordedExchange.Fault("a question upstream has no `request`") }
        var response: RecordedExchange.Response?
        if let answer = json["response"] { response = try .init(answer) }
        self.init(
            backend: json["backend"]?.stringValue, time: json["at_ms"]?.doubleValue ?? 0, request: try .init(request, "url"), response: response,
            failure: json["failure"]?.stringValue)
    }
}
