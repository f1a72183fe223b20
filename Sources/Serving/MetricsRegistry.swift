import Locking

/// Counters, gauges and histograms, written in the Prometheus text format (version 0.0.4).
///
/// A family is declared once, with its help text, so that a scrape is complete from the first second on.
public final class MetricsRegistry: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }
    public typealias Labels = [(name: String, value: String)]

    private struct Histogram {
        var counts: [Int]
        var count = 0
        var sum = 0.0

        mutating func add(_ value: Double, _ bounds: [Double]) {
            for index in bounds.indices where value <= bounds[index] { counts[index] += 1 }
            count += 1
            sum += value
        }
    }
    private struct Family {
        var kind: Kind
        var help: String
        var bounds: [Double] = []
        var values: [String: Double] = [:]
        var histograms: [String: Histogram] = [:]
        /// Read at the scrape.
        var source: (@Sendable () -> Double)?

        mutating func observe(_ value: Double, _ key: String) {
            // In place: a copy would be one of all that was counted.
            histograms[key, default: Histogram(counts: Array(repeating: 0, count: bounds.count))].add(value, bounds)
        }
    }
    /// So that a count changes its family in place: taken out of a dictionary and put back, all that it has counted would be copied.
    private final class Cell {
        var family: Family
        init(_ family: Family) { self.family = family }
    }
    private struct State {
        var order: [String] = []
        var cells: [String: Cell] = [:]
    }
    private let state = Mutex(State())

    public init() {}

    public func declare(_ name: String, _ kind: Kind, help: String, bounds: [Double] = []) {
        state.withLock { state in
            guard state.cells[name] == nil else { return }
            state.order.append(name)
            state.cells[name] = Cell(Family(kind: kind, help: help, bounds: bounds.sorted()))
        }
    }

    /// A family of one value that is read when it is asked for.
    public func declare(_ name: String, _ kind: Kind, help: String, reading source: @escaping @Sendable () -> Double) {
        state.withLock { state in
            if state.cells[name] == nil { state.order.append(name) }
            state.cells[name] = Cell(Family(kind: kind, help: help, source: source))
        }
    }

    /// Adds to a counter or gauge.
    public func add(_ value: Double = 1, to name: String, _ labels: Labels = []) {
        let key = Self.render(labels)
        state.withLock { $0.cells[name]?.family.values[key, default: 0] += value }
    }

    public func set(_ value: Double, _ name: String, _ labels: Labels = []) {
        let key = Self.render(labels)
        state.withLock { $0.cells[name]?.family.values[key] = value }
    }

    /// Counts a value into a histogram.
    public func observe(_ value: Double, in name: String, _ labels: Labels = []) {
        let key = Self.render(labels)
        state.withLock { $0.cells[name]?.family.observe(value, key) }
    }

    /// The present value of a counter or gauge; 0 where nothing was counted.
    public func value(_ name: String, _ labels: Labels = []) -> Double {
        let key = Self.render(labels)
        return state.withLock { $0.cells[name]?.family.values[key] ?? 0 }
    }

    /// The whole exposition.
    public var text: String {
        let (order, families) = state.withLock { ($0.order, $0.cells.mapValues(\.family)) }
        var text = ""
        for name in order {
            guard let family = families[name] else { continue }
            text +=
                "# HELP \(name) \(family.help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n# TYPE \(name) \(family.kind.rawValue)\n"
            if let source = family.source { text += "\(name) \(Self.number(source()))\n" }
            if family.kind != .histogram, family.source == nil, family.values.isEmpty { text += "\(name) 0\n" }
            for (labels, value) in family.values.sorted(by: { $0.key < $1.key }) { text += "\(name)\(Self.braced(labels)) \(Self.number(value))\n" }
            for (labels, histogram) in family.histograms.sorted(by: { $0.key < $1.key }) {
                let prefix = labels.isEmpty ? "" : labels + ","
                for (bound, count) in zip(family.bounds, histogram.counts) {
                    text += "\(name)_bucket{\(prefix)le=\"\(Self.number(bound))\"} \(count)\n"
                }
                text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(histogram.count)\n"
                text += "\(name)_sum\(Self.braced(labels)) \(Self.number(histogram.sum))\n\(name)_count\(Self.braced(labels)) \(histogram.count)\n"
            }
        }
        return text
    }

    private static func render(_ labels: Labels) -> String {
        var text = ""
        for label in labels {
            if !text.isEmpty { text += "," }
            text += label.name
            text += "=\""
            text += escaped(label.value)
            text += "\""
        }
        return text
    }

    private static func escaped(_ value: String) -> String {
        // Hardly any has one of them, and each count of a request comes by here.
        guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return value }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }
}
