import JSON

/// A value as a JSON document.
package func encoded(_ value: some Encodable) throws(OperationError) -> JSON {
    do { return try JSON(encoding: value) } catch { throw OperationError("cannot write a value as JSON: \(error)", exitCode: 70) }
}

/// - Parameter path: where the document is, for its error.
/// - Throws: exit code 74 where it is not what it should be.
package func decode<T: Decodable>(_ bytes: [UInt8], _ path: String) throws(OperationError) -> T {
    do {
        return try JSON(parsing: bytes).decode(T.self)
    } catch {
        throw OperationError("\(path) is damaged: \(error)", exitCode: 74)
    }
}
