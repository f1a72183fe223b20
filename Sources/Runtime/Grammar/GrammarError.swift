/// Why there is no grammar for a schema.
struct GrammarError: Error, Equatable {
    /// A JSON Pointer within the schema.
    var place: String
    var message: String

    init(_ message: String, at place: String) {
        self.message = message
        self.place = place
    }
}
