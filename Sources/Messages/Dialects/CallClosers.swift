/// Texts that may follow a call and say nothing: a token that ends the turn, a fence.
enum CallClosers {
    enum Reading {
        case unfinished
        case taken(rest: [UInt8])
        case none
    }

    static let fence = Array("```".utf8)

    /// Takes one of `closers` from the front, white space before it included.
    static func read(_ bytes: [UInt8], _ closers: [[UInt8]]) -> Reading {
        if closers.isEmpty { return .none }
        let rest: ArraySlice<UInt8>
        switch MarkerScan.beginning(of: bytes) {
        case .unfinished: return .unfinished
        case .none: return .none
        case .at(let index): rest = bytes[index...]
        }
        if let closer = closers.first(where: { rest.starts(with: $0) }) { return .taken(rest: Array(rest.dropFirst(closer.count))) }
        return closers.contains { $0.starts(with: rest) } ? .unfinished : .none
    }
}
