/// A connection as the client needs it: the seam at which tests put canned bytes.
public protocol ByteChannel: AnyObject {
    /// Sends all of `bytes`. No deadline: waits as long as it takes.
    func send(_ bytes: [UInt8], by deadline: Deadline?) throws(ControlClientError)

    /// The next bytes, at least one; none at the end of the stream.
    ///
    /// - Throws: `timedOut` when the deadline passes first; the connection stays usable.
    func receive(by deadline: Deadline?) throws(ControlClientError) -> [UInt8]

    /// For `poll(2)` beside other descriptors; nil where there is none.
    var descriptor: Int32? { get }
}
