using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ZeroWorld.ML.Hosting;

/// <summary>One of the three ports, known to each connection that came in by it: which services answer depends on the port, never on a header.</summary>
internal enum Listener
{
    Http,
    Grpc,
    Metrics,
}

internal static class ListenerExtensions
{
    private static readonly object Key = new();

    public static void Tag(this ListenOptions options, Listener listener)
    {
        object value = listener;
        options.Use(next => connection =>
        {
            connection.Items[Key] = value;
            return next(connection);
        });
    }

    public static bool IsFrom(this HttpContext context, Listener listener) =>
        context.Features.Get<IConnectionItemsFeature>() is { } feature && feature.Items.TryGetValue(Key, out var value) && value is Listener from && from == listener;
}
