/// What a model's raw text says, piece by piece.
public enum OutputEvent: Sendable, Equatable {
    case text(String)
    /// What the model thinks before it answers.
    case reasoning(String)
    case toolCallStarted(index: Int, id: String, name: String)
    /// More of the call's arguments: JSON text.
    case argumentsDelta(index: Int, String)
    case toolCallFinished(index: Int)
}
