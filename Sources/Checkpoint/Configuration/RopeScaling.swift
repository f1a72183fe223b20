/// How Llama 3.1 and later stretch the rotations to a longer window than the first training's: slow rotations are slowed by `factor`, fast
/// ones stay, and those between are mixed.
public struct RopeScaling: Sendable, Equatable {
    public var factor: Double
    /// Rotations that turn less often than this within the original window are slowed in full.
    public var lowFrequencyFactor: Double
    /// Rotations that turn more often than this within the original window stay. Greater than `lowFrequencyFactor`.
    public var highFrequencyFactor: Double
    /// Positions of the first training.
    public var originalPositions: Int
}
