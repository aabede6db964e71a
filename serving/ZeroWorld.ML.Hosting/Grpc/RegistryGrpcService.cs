using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.V1;
using ModelAlias = ZeroWorld.ML.V1.ModelAlias;
using ModelVersion = ZeroWorld.ML.V1.ModelVersion;
using Registered = ZeroWorld.ML.Models.Registry.ModelVersion;

namespace ZeroWorld.ML.Hosting;

/// <summary><c>zeroworld.ml.v1.RegistryService</c>.</summary>
[BindServiceMethod(typeof(RegistryServiceBinding), nameof(RegistryServiceBinding.BindService))]
internal sealed class RegistryGrpcService(
    ModelRegistry registry, DefinitionApplier definitions, ServableManager servables, DataDirectory directory, ServerOptions options)
    : RegistryService.RegistryServiceBase
{
    private const int ChunkBytesMax = 1 << 20;

    public override async Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var versions = await registry.ListVersionsAsync(Project(request.Project), context.CancellationToken).ConfigureAwait(false);
        var response = new ListModelsResponse();
        foreach (var model in versions.GroupBy(static version => version.Model))
        {
            var message = new RegisteredModel { Project = model.Key.Project, Name = model.Key.Name };
            message.Versions.AddRange(model.Select(ToMessage));
            message.Aliases.AddRange(model
                .SelectMany(static version => version.Aliases, static (version, alias) => new ModelAlias { Name = alias, Version = version.Version })
                .OrderBy(static alias => alias.Name, StringComparer.Ordinal));
            response.Models.Add(message);
        }

        return response;
    }

    public override async Task<ModelVersion> GetModelVersion(GetModelVersionRequest request, ServerCallContext context)
    {
        var model = new ModelName(Project(request.Project), request.Model);
        if ((request.Version == 0) == (request.Alias.Length == 0) || request.Version < 0)
        {
            throw new RegistryException(
                RegistryError.InvalidInput, $"The request has version {request.Version} and alias '{request.Alias}'; expected a version of 1 or more, or an alias.");
        }

        return ToMessage(request.Version > 0
            ? await registry.GetAsync(model, request.Version, context.CancellationToken).ConfigureAwait(false)
            : await registry.GetAsync(model, request.Alias, context.CancellationToken).ConfigureAwait(false));
    }

    public override async Task<ModelVersion> RegisterModelVersion(IAsyncStreamReader<RegisterModelVersionRequest> requestStream, ServerCallContext context)
    {
        var cancellation = context.CancellationToken;
        if (!await requestStream.MoveNext(cancellation).ConfigureAwait(false)
            || requestStream.Current.PartCase != RegisterModelVersionRequest.PartOneofCase.Header)
        {
            throw new RegistryException(RegistryError.InvalidInput, "The stream does not begin with a header.");
        }

        var header = requestStream.Current.Header;
        var model = new ModelName(Project(header.Project), header.Model);
        var upload = new PackageUpload(Path.Combine(directory.Packages, "uploads"), header.Files, options.PackageBytesMax);
        await using (upload.ConfigureAwait(false))
        {
            await ReceiveAsync(requestStream, upload, cancellation).ConfigureAwait(false);
            var package = await OpenAsync(upload, cancellation).ConfigureAwait(false);
            if (new ModelName(package.Manifest.Project, package.Manifest.Name) != model)
            {
                throw new RegistryException(
                    RegistryError.InvalidInput, $"The manifest is of model {package.Manifest.Project}/{package.Manifest.Name}, the header of {model}; expected the same.");
            }

            var version = await registry.RegisterAsync(upload.Folder, context.Peer, cancellation).ConfigureAwait(false);

            // The caller may use it with its next call.
            await servables.RefreshAsync(cancellation).ConfigureAwait(false);
            return ToMessage(version);
        }
    }

    public override async Task<ModelAlias> SetAlias(SetAliasRequest request, ServerCallContext context)
    {
        var moved = await registry.SetAliasAsync(
            new ModelName(Project(request.Project), request.Model),
            request.Alias,
            request.Version,
            request.HasExpectedVersion ? request.ExpectedVersion : null,
            context.Peer,
            context.CancellationToken).ConfigureAwait(false);
        await servables.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        return new ModelAlias { Name = moved.Name, Version = moved.Version };
    }

    public override async Task<ModelAlias> RemoveAlias(RemoveAliasRequest request, ServerCallContext context)
    {
        var removed = await registry.RemoveAliasAsync(
            new ModelName(Project(request.Project), request.Model),
            request.Alias,
            request.HasExpectedVersion ? request.ExpectedVersion : null,
            context.Peer,
            context.CancellationToken).ConfigureAwait(false);
        await servables.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        return new ModelAlias { Name = removed.Name, Version = removed.Version };
    }

    public override async Task<ModelVersion> RetireModelVersion(RetireModelVersionRequest request, ServerCallContext context)
    {
        var model = new ModelName(Project(request.Project), request.Model);
        await CheckUnusedAsync(model, request.Version, context.CancellationToken).ConfigureAwait(false);
        var version = await registry.RetireAsync(model, request.Version, context.Peer, context.CancellationToken).ConfigureAwait(false);
        await servables.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        return ToMessage(version);
    }

    public override async Task<ModelVersion> RestoreModelVersion(RestoreModelVersionRequest request, ServerCallContext context)
    {
        var version = await definitions
            .RestoreAsync(new ModelName(Project(request.Project), request.Model), request.Version, context.Peer, context.CancellationToken).ConfigureAwait(false);
        await servables.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        return ToMessage(version);
    }

    public override async Task<DeleteModelVersionResponse> DeleteModelVersion(DeleteModelVersionRequest request, ServerCallContext context)
    {
        // Where another process retired it, this server may not know yet: its files must not go while it loads them.
        await servables.RefreshAsync(context.CancellationToken).ConfigureAwait(false);
        await registry
            .DeleteAsync(new ModelName(Project(request.Project), request.Model), request.Version, context.Peer, context.CancellationToken).ConfigureAwait(false);
        return new DeleteModelVersionResponse();
    }

    // An alias whose target cannot be loaded goes on with the version before it: without that nothing would answer.
    private async Task CheckUnusedAsync(ModelName model, long version, CancellationToken cancellationToken)
    {
        await servables.RefreshAsync(cancellationToken).ConfigureAwait(false);
        var registered = await registry.GetAsync(model, version, cancellationToken).ConfigureAwait(false);
        if (servables.ListAliasesOf(model, version).Except(registered.Aliases).FirstOrDefault() is { } alias)
        {
            var target = await registry.GetAsync(model, alias, cancellationToken).ConfigureAwait(false);
            throw new RegistryException(
                RegistryError.Refused,
                $"This server still answers for the alias '{alias}' of the model {model} with version {version}, since version {target.Version}, where it points now, is not loaded; expected that one to be ready first.");
        }
    }

    private static async Task<ModelPackage> OpenAsync(PackageUpload upload, CancellationToken cancellationToken)
    {
        try
        {
            return await ModelPackageReader.OpenAsync(upload.Folder, cancellationToken).ConfigureAwait(false);
        }
        catch (RegistryException exception) when (exception.Error == RegistryError.CorruptArtifact)
        {
            // What was sent is wrong, not what this server stores: nothing to wake an operator for.
            throw new RpcException(new Status(StatusCode.DataLoss, exception.Message));
        }
    }

    private static async Task ReceiveAsync(IAsyncStreamReader<RegisterModelVersionRequest> stream, PackageUpload upload, CancellationToken cancellationToken)
    {
        while (await stream.MoveNext(cancellationToken).ConfigureAwait(false))
        {
            if (stream.Current.PartCase != RegisterModelVersionRequest.PartOneofCase.Chunk)
            {
                throw new RegistryException(RegistryError.InvalidInput, "A message of the stream holds no chunk; only the first is a header.");
            }

            var chunk = stream.Current.Chunk;
            if (chunk.Data.Length > ChunkBytesMax)
            {
                throw new RegistryException(RegistryError.InvalidInput, $"A chunk of '{chunk.File}' has {chunk.Data.Length} bytes; expected at most {ChunkBytesMax}.");
            }

            await upload.AddAsync(chunk.File, chunk.Data.Memory, cancellationToken).ConfigureAwait(false);
        }

        await upload.FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    private static ModelVersion ToMessage(Registered version)
    {
        var message = new ModelVersion
        {
            Project = version.Model.Project,
            Model = version.Model.Name,
            Version = version.Version,
            Digest = version.Digest,
            CreatedTime = UnixMicroseconds.FromDateTimeOffset(version.CreatedTime),
            ManifestJson = version.ManifestJson,
            Aliases = { version.Aliases },
        };
        if (version.RetiredTime is { } retired)
        {
            message.RetiredTime = UnixMicroseconds.FromDateTimeOffset(retired);
        }

        return message;
    }

    private static string Project(string name) => name.Length == 0 ? ModelName.DefaultProject : name;
}
