/// How much of the client's own words a model gets: of each paragraph and each point of a list its first sentences, in four steps.
///
/// Headings stay where something stays under them; short texts stay whole in every tier.
public enum PromptTier: String, Sendable, CaseIterable {
    /// Three sentences and 600 bytes.
    case minimal
    /// Two sentences and 300 bytes, and no blocks of code.
    case moderate
    /// One sentence and 160 bytes, no blocks of code, and twelve points of a list.
    case aggressive
    /// The first sentence of all, lines that stand alone, and points that name a value (`Platform: linux`).
    case extreme

    struct Limits {
        var sentences: Int
        var bytes: Int
        var keepsCode: Bool
        var points: Int
        var factsOnly = false
    }

    var limits: Limits {
        switch self {
        case .minimal: Limits(sentences: 3, bytes: 600, keepsCode: true, points: .max)
        case .moderate: Limits(sentences: 2, bytes: 300, keepsCode: false, points: .max)
        case .aggressive: Limits(sentences: 1, bytes: 160, keepsCode: false, points: 12)
        case .extreme: Limits(sentences: 1, bytes: 120, keepsCode: false, points: 24, factsOnly: true)
        }
    }
}
