using Amazon.Runtime;

namespace ZeroWorld.ML.Storage;

/// <summary>Connections that bring answers other than objects whole, within the bound of a request: the client's own bound ends with their headers, and a listing that stops in the middle would be waited for without end.</summary>
/// <param name="timeout">Until the headers of an object, and the whole of every other answer.</param>
internal sealed class WholeAnswers(TimeSpan timeout) : HttpClientFactory, IDisposable
{
    private readonly HttpClient _client = new(new Handler(new SocketsHttpHandler { AllowAutoRedirect = false })) { Timeout = timeout };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public void Dispose() => _client.Dispose();

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    private sealed class Handler(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (!IsOfObject(request) || !answer.IsSuccessStatusCode)
            {
                try
                {
                    await answer.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    answer.Dispose();
                    throw;
                }
            }

            return answer;
        }

        // The bytes of an object may take long; their reader bounds the silence between them.
        private static bool IsOfObject(HttpRequestMessage request) => request.Method == HttpMethod.Get
            && request.RequestUri?.Query is var query && query?.Contains("list-type=", StringComparison.Ordinal) != true && query?.Contains("uploads", StringComparison.Ordinal) != true;
    }
}
