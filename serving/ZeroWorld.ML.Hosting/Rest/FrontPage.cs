using System.Text;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>GET /</c>: what is here, for a person who found the port.</summary>
internal sealed class FrontPage(ServerIdentity identity, Serving.ServableManager servables, ServerAddressBook addresses)
{
    public Task WriteAsync(HttpContext context)
    {
        var text = new StringBuilder();
        text.AppendLine($"ZeroWorld.ML {identity.Version}").AppendLine();
        text.AppendLine($"REST     {addresses.Current.Http}");
        text.AppendLine($"gRPC     {addresses.Current.Grpc}   (inference.GRPCInferenceService, zeroworld.ml.v1, health, reflection)");
        text.AppendLine($"metrics  {addresses.Current.Metrics}/metrics").AppendLine();
        text.AppendLine("POST /v1/models/MODEL:predict                    prediction by entity");
        text.AppendLine("     {\"entities\": {\"customer_id\": 4961, \"terminal_id\": 3412}, \"request\": {\"amount\": 57.16}}");
        text.AppendLine("GET  /v2, /v2/health/live, /v2/health/ready      Open Inference Protocol");
        text.AppendLine("GET  /v2/models/MODEL[/versions/VERSION][/ready]");
        text.AppendLine("POST /v2/models/MODEL[/versions/VERSION]/infer").AppendLine();
        text.AppendLine("Models:");
        foreach (var servable in servables.List())
        {
            text.AppendLine(
                $"  {servable.Model} version {servable.Version}: {servable.State}{(servable.Aliases.Count > 0 ? $" ({string.Join(", ", servable.Aliases)})" : "")}{(servable.Message is { } message ? $": {message}" : "")}");
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }
}
