using Grpc.Core;
using Inference;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload over the models of this server.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ModelRepository(ServableManager servables)
{
    /// <summary>What the name of a parameter begins with whose value is a file.</summary>
    internal const string FilePrefix = "file:";

    private const string ConfigParameter = "config";
    private const string Load = "load";

    // Of one part of a path, on Linux.
    private const int FileNameLengthMax = 255;

    /// <param name="repository">Must be empty: there is one.</param>
    /// <param name="isReadyOnly">Whether only versions that answer are wanted.</param>
    public async Task<RepositoryIndexResponse> GetIndexAsync(string repository, bool isReadyOnly, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        var response = new RepositoryIndexResponse();
        foreach (var entry in await servables.GetIndexAsync(isReadyOnly, cancellationToken).ConfigureAwait(false))
        {
            response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
            {
                Name = ModelMessages.NameOf(entry.Model),
                Version = entry.Version is { } version ? ModelMessages.ToText(version) : "",
                State = entry.State.ToString().ToUpperInvariant(),
                Reason = entry.Reason,
            });
        }

        return response;
    }

    /// <param name="parameters">
    /// <c>config</c>: a model configuration as JSON; <c>file:VERSION/NAME</c>: a file, as bytes. Where there are files they are the whole model, and the configuration must be there.
    /// </param>
    public Task LoadAsync(string repository, string modelName, IReadOnlyDictionary<string, ModelRepositoryParameter> parameters, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        var model = ToName(Load, modelName);
        string? configuration = null;
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (name, value) in parameters)
        {
            if (name == ConfigParameter)
            {
                configuration = value.HasStringParam ? value.StringParam : throw WrongType(modelName, name, "string_param");
            }
            else if (name.StartsWith(FilePrefix, StringComparison.Ordinal))
            {
                RefuseLongName(modelName, name);
                files.Add(name[FilePrefix.Length..], value.HasBytesParam ? value.BytesParam.Memory : throw WrongType(modelName, name, "bytes_param"));
            }
            else
            {
                throw Refuse(Load, modelName, name);
            }
        }

        if (configuration is null && files.Count > 0)
        {
            throw new ProtocolFailure(
                StatusCode.InvalidArgument, $"failed to load '{modelName}', failed to poll from model repository: the parameter '{ConfigParameter}' must be given with files: nothing that lies in the model folder is used beside them, no configuration either.");
        }

        return servables.LoadModelAsync(model, configuration is null ? null : new ModelOverride(configuration) { Files = files }, cancellationToken);
    }

    /// <param name="parameters"><c>unload_dependents</c>: whether the models of an ensemble's steps go, too.</param>
    public Task UnloadAsync(string repository, string modelName, IReadOnlyDictionary<string, ModelRepositoryParameter> parameters, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        if (parameters.FirstOrDefault(static parameter => parameter.Key != "unload_dependents" || !parameter.Value.HasBoolParam).Key is { } name)
        {
            throw Refuse("unload", modelName, name);
        }

        return servables.UnloadModelAsync(ToName("unload", modelName), parameters.Values.Any(static parameter => parameter.BoolParam), cancellationToken);
    }

    private static void RefuseName(string repository)
    {
        if (repository.Length > 0)
        {
            throw new ProtocolFailure(StatusCode.Unimplemented, $"'repository_name' specification is not supported, got '{repository}'");
        }
    }

    private static ProtocolFailure Refuse(string action, string modelName, string parameter) => new(
        StatusCode.Unimplemented, $"failed to {action} '{modelName}': the parameter '{parameter}' is not supported");

    private static ProtocolFailure WrongType(string modelName, string parameter, string expected) =>
        new(StatusCode.InvalidArgument, $"failed to load '{modelName}': invalid value type for '{parameter}' parameter, expected {expected}.");

    private static void RefuseLongName(string modelName, string parameter)
    {
        if (parameter.Split('/').Any(static part => part.Length > FileNameLengthMax))
        {
            throw new ProtocolFailure(
                StatusCode.Internal, $"failed to load '{modelName}': failed to poll from model repository: a file name in the parameters has more than {FileNameLengthMax} bytes");
        }
    }

    // The words are Triton's, as its tests want them.
    private static ModelName ToName(string action, string text)
    {
        if (ModelName.TryParse(text, out var model))
        {
            return model;
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            throw new ProtocolFailure(StatusCode.InvalidArgument, $"failed to {action} '{text}': Model name cannot be empty. Please enter a valid name to deploy.");
        }

        var reason = text.AsSpan().ContainsAny('/', '\\') || text.AsSpan().Trim() is ".." or "."
            ? ": model name must not contain path traversal characters"
            : ", failed to poll from model repository";
        throw new ProtocolFailure(
            StatusCode.InvalidArgument,
            $"failed to {action} '{text}'{(action == Load ? reason : "")}: it can be no name; expected letters, digits, '.', '_' and '-', at most {ModelName.FolderNameLengthMax}, and not '.' or '-' first");
    }
}
