/// Feed-forward layers of which each token takes a few parts, chosen by a router.
public struct Experts: Sendable, Equatable {
    public var count: Int
    /// At most `count`.
    public var perToken: Int
    /// Width of one expert.
    public var intermediateSize: Int
    /// The weights of the chosen experts are divided by their sum.
    public var normalisesWeights: Bool
    /// Every so many layers one has experts.
    public var step: Int
    /// Layers that are dense nevertheless.
    public var denseLayers: Set<Int>

    /// Whether the layer at `index`, from 0 on, has experts.
    public func areIn(layer index: Int) -> Bool { !denseLayers.contains(index) && (index + 1) % step == 0 }
}
