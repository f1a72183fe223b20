extension PromptOutline {
    /// Where a prompt parts from an earlier one, and what that costs of what was computed for the earlier one.
    public struct Divergence: Sendable, Equatable {
        public enum Change: String, Sendable { case changed, inserted, removed }
        public var section: Section
        /// The first piece that differs: of this prompt, or of the earlier one where this one lacks it. Nil for model and parameters.
        public var place: Place?
        public var change: Change
        /// Pieces that both begin with, and their bytes.
        public var sharedPieces: Int
        public var sharedBytes: Int
        /// Bytes of the earlier prompt behind the parting.
        public var lostBytes: Int
    }

    /// The first difference; nil where one of the two is the beginning of the other, so that nothing computed is lost.
    ///
    /// This is the one place that says where prompts part: the answer's diagnostics, `cache explain` and the tests of prefix stability
    /// all ask it.
    public func divergence(from earlier: PromptOutline) -> Divergence? {
        let shared = sharedPieces(with: earlier)
        func parting(_ section: Section, _ place: Place?, _ change: Divergence.Change, after count: Int) -> Divergence {
            let sharedBytes = earlier.pieces[..<count].reduce(0) { $0 + $1.bytes }
            return Divergence(
                section: section, place: place, change: change, sharedPieces: count, sharedBytes: sharedBytes,
                lostBytes: earlier.bytes - sharedBytes)
        }
        guard model == earlier.model else { return parting(.model, nil, .changed, after: 0) }
        if shared < pieces.count, shared < earlier.pieces.count {
            let (new, old) = (pieces[shared], earlier.pieces[shared])
            // What stood here comes later, or what stands here came later.
            if pieces[shared...].dropFirst().contains(where: old.says) {
                return parting(new.place.section, new.place, .inserted, after: shared)
            }
            if earlier.pieces[shared...].dropFirst().contains(where: new.says) {
                return parting(old.place.section, old.place, .removed, after: shared)
            }
            // Where a section has ended and the other prompt's goes on, the difference is its end.
            let isShorter = new.place.section == .messages && old.place.section != .messages
            return isShorter
                ? parting(old.place.section, old.place, .removed, after: shared) : parting(new.place.section, new.place, .changed, after: shared)
        }
        guard parameters == earlier.parameters else { return parting(.parameters, nil, .changed, after: shared) }
        return nil
    }

    /// Whether everything that was computed for the earlier prompt is the beginning of this one.
    public func extends(_ earlier: PromptOutline) -> Bool {
        pieces.count >= earlier.pieces.count && divergence(from: earlier) == nil
    }

    /// How many pieces both begin with.
    public func sharedPieces(with other: PromptOutline) -> Int {
        let limit = min(pieces.count, other.pieces.count)
        return (0..<limit).first { pieces[$0].hash != other.pieces[$0].hash || pieces[$0].place != other.pieces[$0].place } ?? limit
    }
}

extension PromptOutline.Divergence: CustomStringConvertible {
    /// The first difference in words, as `tools.3 (`Grep`) was inserted`.
    public var description: String {
        switch section {
        case .model: "the model is another"
        case .parameters: "tools, system and messages are the same; what decides how they are printed is not"
        default: "\(place.map(\.description) ?? section.rawValue) \(change == .changed ? "is another" : "was \(change.rawValue)")"
        }
    }
}
