using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>What the paths of the inference protocol have in common.</summary>
internal static class RestRoutes
{
    /// <summary>A model, and a version of it.</summary>
    public static IReadOnlyList<string> Models { get; } = ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"];

    /// <summary>Name of the model: <c>MODEL</c>, or <c>PROJECT%2FMODEL</c>, whose slash a path keeps encoded.</summary>
    public static string Model(HttpContext context) => Value(context, "model").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    public static string Version(HttpContext context) => Value(context, "version");

    /// <returns>Empty when the route has no such part.</returns>
    public static string Value(HttpContext context, string name) => (string?)context.Request.RouteValues.GetValueOrDefault(name) ?? "";
}
