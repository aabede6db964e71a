using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.V1;
using DefinitionChange = ZeroWorld.ML.V1.DefinitionChange;
using DefinitionFile = ZeroWorld.ML.Features.DefinitionFile;
using RefusedEvent = ZeroWorld.ML.V1.RefusedEvent;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>zeroworld.ml.v1.FeatureStoreService</c>.</summary>
[BindServiceMethod(typeof(FeatureStoreServiceBinding), nameof(FeatureStoreServiceBinding.BindService))]
internal sealed class FeatureStoreGrpcService(
    FeatureServiceCatalog catalog, DefinitionApplier applier, EventPush push, OnlineFeatures features, StreamHost streams, EntityEraser eraser)
    : FeatureStoreService.FeatureStoreServiceBase
{
    /// <summary>Events of one push: it is answered whole, and held in memory until then.</summary>
    private const int EventsMax = 100_000;

    /// <summary>Refused rows that the answer to a stream of pushes names.</summary>
    private const int RefusedNamedMax = 10_000;

    public override async Task<GetOnlineFeaturesResponse> GetOnlineFeatures(GetOnlineFeaturesRequest request, ServerCallContext context)
    {
        var service = await features.FindAsync(Project(request.Project), request.FeatureService, request.Features, context.CancellationToken).ConfigureAwait(false);
        var rows = await features.ReadAsync(service, ColumnReader.Read(request.Entities), ColumnReader.Read(request.Request), context.CancellationToken).ConfigureAwait(false);
        var response = new GetOnlineFeaturesResponse { Fingerprint = service.Service.Fingerprint };
        using var writer = new ReverseProtoWriter(0);
        ColumnWriter.WriteFeatures(writer, GetOnlineFeaturesResponse.FeaturesFieldNumber, rows.Columns, rows.Cells.Span, rows.Rows);
        response.MergeFrom(writer.Written);
        return response;
    }

    public override async Task<PushEventsResponse> PushEvents(PushEventsRequest request, ServerCallContext context)
    {
        var result = await PushAsync(request, context.CancellationToken).ConfigureAwait(false);
        var response = new PushEventsResponse { Accepted = (uint)result.Accepted, RefusedTotal = (ulong)result.Refused.Count };
        response.Refused.AddRange(result.Refused.Select(static refused => new RefusedEvent { Row = (uint)refused.Row, Reason = refused.Reason }));
        return response;
    }

    public override async Task<PushEventsResponse> PushEventStream(IAsyncStreamReader<PushEventsRequest> requests, ServerCallContext context)
    {
        var response = new PushEventsResponse();
        var (messages, rows) = (0L, 0L);
        while (await requests.MoveNext(context.CancellationToken).ConfigureAwait(false))
        {
            // One message at a time: what the client sends further waits in its own buffers.
            var result = await PushNextAsync(requests.Current, messages++, rows, context.CancellationToken).ConfigureAwait(false);
            response.Accepted += (uint)result.Accepted;
            response.RefusedTotal += (ulong)result.Refused.Count;
            response.Refused.AddRange(result.Refused.Take(RefusedNamedMax - response.Refused.Count)
                .Select(refused => new RefusedEvent { Row = (uint)(rows + refused.Row), Reason = refused.Reason }));
            rows += result.Accepted + result.Refused.Count;
        }

        return response;
    }

    public override async Task<ListStreamsResponse> ListStreams(ListStreamsRequest request, ServerCallContext context)
    {
        var response = new ListStreamsResponse();
        foreach (var stream in catalog.GetDefinitions(Project(request.Project)).Streams)
        {
            response.Streams.Add(StreamMessages.Of(stream, await streams.ReadStatusAsync(stream, context.CancellationToken).ConfigureAwait(false), streams.IsRead(stream)));
        }

        return response;
    }

    /// <summary>Pushes a message of a stream; a failure says which one it is, and what was dealt with before it.</summary>
    private async Task<EventPushResult> PushNextAsync(PushEventsRequest request, long messagesBefore, long rowsBefore, CancellationToken cancellationToken)
    {
        try
        {
            return await PushAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (FeatureException exception)
        {
            throw new FeatureException(
                exception.Error,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Message {messagesBefore + 1} of the stream: {exception.Message} The messages before it, of {rowsBefore} events, are done; go on with this one."),
                exception);
        }
    }

    private async Task<EventPushResult> PushAsync(PushEventsRequest request, CancellationToken cancellationToken)
    {
        var columns = ColumnReader.Read(request.Columns)
            .Select(static column => new EventColumn(column.Name, column.Type, column.Values.ToArray()))
            .ToArray();
        if (columns.Length == 0)
        {
            throw new FeatureException(FeatureError.InvalidInput, "There are no columns; expected one per source column.");
        }

        if (columns[0].Values.Count > EventsMax)
        {
            throw new FeatureException(FeatureError.InvalidInput, $"The push has {columns[0].Values.Count} events; expected at most {EventsMax}.");
        }

        var fields = await catalog.GetFieldsAsync(Project(request.Project), request.Table, cancellationToken).ConfigureAwait(false);
        return await push.PushAsync(fields, columns, cancellationToken).ConfigureAwait(false);
    }

    public override async Task<ApplyDefinitionsResponse> ApplyDefinitions(ApplyDefinitionsRequest request, ServerCallContext context)
    {
        var definitions = DefinitionLoader.Load([.. request.Files.Select(static file => new DefinitionFile(file.Path, file.Yaml))]);
        if (request.Project.Length > 0 && definitions.Project != request.Project)
        {
            throw new FeatureException(
                FeatureError.InvalidInput, $"The files define project '{definitions.Project}', the request names '{request.Project}'; expected the same.");
        }

        var plan = request.PlanOnly
            ? await applier.PlanAsync(definitions, context.CancellationToken).ConfigureAwait(false)
            : await applier.ApplyAsync(definitions, context.CancellationToken).ConfigureAwait(false);
        var response = new ApplyDefinitionsResponse();
        response.Changes.AddRange(plan.Changes.Select(static change => new DefinitionDiff
        {
            Kind = KindOf(change.Kind),
            Name = change.Name,
            Change = change.Change switch
            {
                DefinitionChangeKind.Added => DefinitionChange.Added,
                DefinitionChangeKind.Changed => DefinitionChange.Changed,
                DefinitionChangeKind.Removed => DefinitionChange.Removed,
                _ => DefinitionChange.Unchanged,
            },
            Fingerprint = change.After ?? "",
            PreviousFingerprint = change.Before ?? "",
            Details = { change.Details, change.Texts },
        }));
        response.Notes.AddRange(plan.Notes);
        return response;
    }

    public override async Task<DeleteEntityResponse> DeleteEntity(DeleteEntityRequest request, ServerCallContext context)
    {
        var receipt = await eraser.EraseAsync(
            Project(request.Project), request.Entity, ColumnReader.Read(request.Keys), request.HasUntil ? request.Until : null, context.CancellationToken).ConfigureAwait(false);
        return new DeleteEntityResponse
        {
            Token = receipt.Token,
            Until = receipt.Until,
            Views = (uint)receipt.Views,
            PredictionRows = receipt.PredictionRows,
            PredictionFiles = receipt.PredictionFiles,
            TableRows = receipt.TableRows,
            TableFiles = receipt.TableFiles,
        };
    }

    public override Task<ListDefinitionsResponse> ListDefinitions(ListDefinitionsRequest request, ServerCallContext context)
    {
        var set = catalog.GetDefinitions(Project(request.Project));
        var response = new ListDefinitionsResponse();
        response.Definitions.AddRange(set.Entities.Select(static entity =>
            ToDefinition(DefinitionKind.Entity, entity.Name, DefinitionFingerprint.Of(entity), DefinitionFingerprint.CanonicalJson(entity), DefinitionJson.Of(entity), entity.Details)));
        response.Definitions.AddRange(set.Streams.Select(static stream =>
            ToDefinition(DefinitionKind.Stream, stream.Name, DefinitionFingerprint.Of(stream), DefinitionFingerprint.CanonicalJson(stream), DefinitionJson.Of(stream), stream.Details)));
        response.Definitions.AddRange(set.Views.Select(ToDefinition));
        response.Definitions.AddRange(set.Services.Select(static service =>
            ToDefinition(DefinitionKind.Service, service.Name, service.Fingerprint, DefinitionFingerprint.CanonicalJson(service), DefinitionJson.Of(service), service.Details)));
        return Task.FromResult(response);
    }

    private static Definition ToDefinition(FeatureView view)
    {
        var definition = ToDefinition(DefinitionKind.View, view.Name, DefinitionFingerprint.Of(view), DefinitionFingerprint.CanonicalJson(view), DefinitionJson.Of(view), view.Details);
        foreach (var field in view.Fields)
        {
            if (field.Bounds is { } bounds)
            {
                var shown = new ValueBounds();
                if (bounds.Minimum is { } minimum)
                {
                    shown.Min = minimum;
                }

                if (bounds.Maximum is { } maximum)
                {
                    shown.Max = maximum;
                }

                definition.Bounds.Add(field.Name, shown);
            }
        }

        return definition;
    }

    private static Definition ToDefinition(DefinitionKind kind, string name, string fingerprint, string json, string declaration, DefinitionDetails details)
    {
        var definition = new Definition
        {
            Kind = KindOf(kind), Name = name, Fingerprint = fingerprint, Json = json, Declaration = declaration, Description = details.Description ?? "", Owner = details.Owner ?? "",
        };
        foreach (var (tag, value) in details.Tags)
        {
            definition.Tags.Add(tag, value);
        }

        return definition;
    }

    private static string KindOf(DefinitionKind kind) => kind switch
    {
        DefinitionKind.Entity => "entity",
        DefinitionKind.View => "feature_view",
        DefinitionKind.Stream => "stream",
        _ => "feature_service",
    };

    private static string Project(string name) => name.Length == 0 ? ModelName.DefaultProject : name;
}
