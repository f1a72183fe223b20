/// Chooses the reader by what follows the opener.
struct ForkedReader: ToolCallReader {
    enum Choice {
        case unfinished
        case notACall
        case reader(any ToolCallReader)
    }

    private let prefixLength: Int
    private let choose: @Sendable (_ text: [UInt8]) -> Choice
    private var chosen: (any ToolCallReader)?
    private var held: [UInt8]

    /// - Parameters:
    ///   - prefix: what of the opener belongs to what the reader reads.
    ///   - choose: is asked with what was read, without the white space in front.
    init(prefix: String = "", choose: @escaping @Sendable (_ text: [UInt8]) -> Choice) {
        self.choose = choose
        held = Array(prefix.utf8)
        prefixLength = held.count
    }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        var input = input
        if chosen == nil {
            held += input
            switch choice() {
            case .unfinished: return .more
            case .notACall: return notACall(held)
            case .reader(let reader):
                chosen = reader
                input = held
                held = []
            }
        }
        guard let reading = chosen?.read(input, &events) else { return .more }
        if case .notACall(let rest) = reading { return notACall(rest) }
        return reading
    }

    private func choice() -> Choice {
        switch MarkerScan.beginning(of: held) {
        case .unfinished: .unfinished
        case .none: .notACall
        case .at(let index): choose(Array(held[index...]))
        }
    }

    /// The prefix is the opener's own, which the caller has and puts back.
    private func notACall(_ bytes: [UInt8]) -> ToolCallReading { .notACall(rest: Array(bytes.dropFirst(prefixLength))) }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        guard let reading = chosen?.finish(isComplete: isComplete, &events) else { return notACall(held) }
        if case .notACall(let rest) = reading { return notACall(rest) }
        return reading
    }
}
