import JSON
import Messages

/// What models' servers answered in a capture: a question that is asked again gets the answer that it got then.
///
/// The same question finds its own answer; one that differs, as another version may ask it, the first that nobody has had. What is only
/// read, as the list of models, is answered as often as it is asked.
struct RecordedAnswers: Sendable {
    private struct Recorded: Sendable {
        var key: String
        /// In canonical form, where it is JSON.
        var body: [UInt8]
        var question: RecordedExchange.Question
        var wasGiven = false
    }
    private var recorded: [Recorded]

    /// - Parameter backend: whose answers; all of them where nil.
    init(_ exchanges: [RecordedExchange], backend: String?) {
        recorded = exchanges.filter { $0.reasonNotToReplay == nil }.flatMap(\.questions).compactMap { question in
            guard question.response != nil, backend == nil || question.backend == nil || question.backend == backend else { return nil }
            return Recorded(
                key: Self.key(question.request.method, question.request.target), body: Self.normalised(question.request.body), question: question)
        }
    }

    /// Nil where nothing of the kind was recorded.
    mutating func answer(_ method: String, _ target: String, _ body: [UInt8]) -> RecordedExchange.Question? {
        let key = Self.key(method, target)
        let body = Self.normalised(body)
        let alike = recorded.indices.filter { recorded[$0].key == key }
        let same = alike.filter { recorded[$0].body == body }
        let isRead = method == "GET" || method == "HEAD"
        guard let index = same.first(where: { !recorded[$0].wasGiven }) ?? same.last ?? alike.first(where: { !recorded[$0].wasGiven || isRead })
        else {
            return nil
        }
        recorded[index].wasGiven = true
        return recorded[index].question
    }

    /// The address was another one: what counts is what stands from the API's version on.
    private static func key(_ method: String, _ target: String) -> String {
        let path = target.firstRange(of: "/v1/").map { target[$0.lowerBound...] } ?? target[(target.lastIndex(of: "/") ?? target.startIndex)...]
        return "\(method) \(path)"
    }

    private static func normalised(_ body: [UInt8]) -> [UInt8] { (try? JSON(parsing: body))?.canonicalBytes ?? body }
}
