using Grpc.Core;
using Inference;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload over the models of this server.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ModelRepository(ServableManager servables, ServedModels models)
{
    /// <param name="repository">Must be empty: there is one.</param>
    /// <param name="isReadyOnly">Whether only versions that answer are wanted.</param>
    public RepositoryIndexResponse Index(string repository, bool isReadyOnly)
    {
        RefuseName(repository);
        var response = new RepositoryIndexResponse();
        foreach (var version in servables.List())
        {
            if (!isReadyOnly || version.State == ServableState.Ready)
            {
                response.Models.Add(new RepositoryIndexResponse.Types.ModelIndex
                {
                    Name = ModelMessages.NameOf(version.Model),
                    Version = ModelMessages.ToText(version.Version),
                    State = ToState(version.State),
                    Reason = version.Message ?? (version.State == ServableState.Unloaded ? "loads on its first request" : ""),
                });
            }
        }

        return response;
    }

    /// <summary>Reads the registry anew and loads what it offers of the model, when that is not loaded yet.</summary>
    /// <param name="parameters">Names of the load's parameters.</param>
    public async Task LoadAsync(string repository, string modelName, ICollection<string> parameters, CancellationToken cancellationToken)
    {
        RefuseName(repository);
        if (parameters.Count > 0)
        {
            throw new ProtocolFailure(
                StatusCode.Unimplemented, $"failed to load '{modelName}': its versions come from the registry, which takes no '{string.Join("', '", parameters)}' with a load; register a version");
        }

        await servables.RefreshAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await models.GetConfigurationAsync(modelName, "", cancellationToken).ConfigureAwait(false);
        }
        catch (ServingException exception)
        {
            throw new ServingException(exception.Error, $"failed to load '{modelName}': {exception.Message}", exception);
        }
    }

    /// <exception cref="ProtocolFailure">Always: what the registry offers is served until an alias leaves it.</exception>
    public void Unload(string repository, string modelName)
    {
        RefuseName(repository);
        models.GetStatistics(modelName, "");
        throw new ProtocolFailure(
            StatusCode.Unavailable, $"explicit model load / unload is not allowed if polling is enabled: '{modelName}' comes from the registry; move its aliases instead");
    }

    private static void RefuseName(string repository)
    {
        if (repository.Length > 0)
        {
            throw new ProtocolFailure(StatusCode.Unimplemented, $"'repository_name' specification is not supported, got '{repository}'");
        }
    }

    private static string ToState(ServableState state) => state switch
    {
        ServableState.Ready => "READY",
        ServableState.Loading => "LOADING",
        ServableState.Unloading => "UNLOADING",
        _ => "UNAVAILABLE",
    };
}
