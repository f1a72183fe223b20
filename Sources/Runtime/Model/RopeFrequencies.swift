import Checkpoint
import Glibc

/// Angles by which the pairs of a head turn from one position to the next, rounded to f32 where the reference implementation rounds.
enum RopeFrequencies {
    static func of(_ it: ModelConfiguration) -> [Float] {
        let plain = (0..<it.headSize / 2).map { 1 / powf(Float(it.ropeTheta), Float(2 * $0) / Float(it.headSize)) }
        guard let scaling = it.ropeScaling else { return plain }
        return plain.map { scaled($0, scaling) }
    }

    private static func scaled(_ frequency: Float, _ it: RopeScaling) -> Float {
        let window = Float(it.originalPositions)
        let (low, high) = (Float(it.lowFrequencyFactor), Float(it.highFrequencyFactor))
        let wavelength = 2 * Float.pi / frequency
        let slow = frequency / Float(it.factor)
        if wavelength > window / low { return slow }
        if wavelength < window / high { return frequency }
        let share = (window / wavelength - low) / (high - low)
        return (1 - share) * slow + share * frequency
    }
}
