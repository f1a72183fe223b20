import JSON

extension UpstreamFailure {
    /// How long an answer may be, where a server refused a request because its prompt and the longest answer do not fit together.
    ///
    /// - Returns: nil where the prompt alone is too long, where the server does not say, or where it is another failure.
    public static func answerRoom(status: Int, body: [UInt8]) -> Int? {
        guard let json = try? JSON(parsing: body), let failure = OpenAI.Failure(json, status: status) else { return nil }
        let codes = [failure.code, failure.type].compactMap { $0 }
        return ContextOverflow(message: failure.message, codes: codes, details: json["error"])?.answerRoom
    }
}
