using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace ZeroWorld.ML.Storage;

/// <summary>The one place that knows what the client's exceptions mean.</summary>
internal sealed class S3Failure(string place, string bucket, int retriesMax, TimeSpan requestTimeout)
{
    /// <summary>Whether a connection broke in the middle of an answer, which the client does not try again by itself.</summary>
    public static bool IsBrokenStream(Exception exception) =>
        exception is IOException or HttpRequestException or AmazonClientException;

    public static bool IsKnown(Exception exception, CancellationToken cancellationToken) =>
        exception is AmazonServiceException or AmazonClientException or HttpRequestException or WebException || IsBrokenConnection(exception)
        || (exception is OperationCanceledException or TimeoutException && !cancellationToken.IsCancellationRequested);

    /// <summary>Whether a connection broke, where the client passes on what the system said. What a file of this machine says is another matter.</summary>
    private static bool IsBrokenConnection(Exception exception) => exception is HttpIOException or IOException { InnerException: SocketException };

    public ObjectStoreException TranslateBroken(BrokenAnswerException exception, string what) => new(
        ObjectStoreError.Unavailable,
        $"Could not {what} the bucket '{bucket}' at {place}: its answer broke off, also after {retriesMax} further attempts: {exception.Message.TrimEnd('.')}.",
        exception);

    /// <param name="what">What was to be done, as <c>write 'NAME' to</c>.</param>
    public ObjectStoreException Translate(Exception exception, string what)
    {
        var store = $"the bucket '{bucket}' at {place}";
        if (IsBrokenConnection(exception))
        {
            return new ObjectStoreException(
                ObjectStoreError.Unavailable,
                $"Could not {what} {store}: the connection broke off, also after {retriesMax} further attempts: {Innermost(exception)}. Try again later.",
                exception);
        }

        if (IsTimeout(exception))
        {
            return new ObjectStoreException(
                ObjectStoreError.Unavailable,
                $"Could not {what} {store}: it did not answer within {requestTimeout.TotalSeconds:0.#} s, also after {retriesMax} further attempts. Try again later.",
                exception);
        }

        if (exception is not AmazonServiceException { StatusCode: not 0 } answer)
        {
            return new ObjectStoreException(
                ObjectStoreError.Unavailable,
                $"Could not {what} {store}: it cannot be reached, or no credentials were found: {Innermost(exception)}",
                exception);
        }

        var code = $"{(int)answer.StatusCode}{(string.IsNullOrEmpty(answer.ErrorCode) ? "" : $" {answer.ErrorCode}")}";
        return answer switch
        {
            { ErrorCode: "NoSuchBucket" } => new ObjectStoreException(ObjectStoreError.NoBucket, $"Could not {what} {store}: there is no such bucket ({code}). See S3:Bucket.", exception),
            { ErrorCode: "PermanentRedirect" or "AuthorizationHeaderMalformed" } => new ObjectStoreException(
                ObjectStoreError.NoBucket, $"Could not {what} {store}: it lies in another region ({code}). See S3:Region.", exception),
            { StatusCode: HttpStatusCode.NotFound } => new ObjectStoreException(ObjectStoreError.NotFound, $"Could not {what} {store}: it is not there ({code}).", exception),
            { StatusCode: HttpStatusCode.PreconditionFailed } => new ObjectStoreException(ObjectStoreError.Changed, $"Could not {what} {store}: it was replaced meanwhile ({code}).", exception),
            { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } => new ObjectStoreException(
                ObjectStoreError.Denied, $"Could not {what} {store}: it is refused ({code}). See S3:AccessKey, S3:SecretKeyFile and the rights of that key.", exception),
            { StatusCode: >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests } => new ObjectStoreException(
                ObjectStoreError.Unavailable, $"Could not {what} {store}: it answers {code}, also after {retriesMax} further attempts. Try again later.", exception),
            _ => new ObjectStoreException(ObjectStoreError.Unavailable, $"Could not {what} {store}: {answer.Message} ({code}).", exception),
        };
    }

    // The client's own bound of a request ends as a cancellation that nobody asked for.
    private static bool IsTimeout(Exception? exception) => exception is not null && (exception is TimeoutException or OperationCanceledException || IsTimeout(exception.InnerException));

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message;
    }
}
