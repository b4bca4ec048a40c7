"""Beginnings of words by the part they play in a clause about a mail that did not arrive, language by
language: `_` stands for a space, `.` ends a word that must stand alone. Compared without marks."""

BOX = """
    mailbox mail_box inbox in-box maildrop account folder postfach posteingang konto. kontos. boite
    compte. bal. buzon casilla cuenta caixa conta. casella postbus postvak brevlad inkorg postlad
    postkasse indbakke innboks postilaatik sahkopostitil skrzynk konta. kontu. schrank uctu. ucet.
    schranka postafiok postalad fiok casut cutia contul ящик аккаунт скриньк кутия учетн_запис γραμματοκιβ
    θυριδα λογαριασμ pretinac sanducic nabiralnik racun dezut pastkast postkast kotak_surat kutusu hesap
    hesab hop_thu tai_khoan
"""
PERSON = """
    user recipient addressee address alias customer subscriber person login uid username employee
    empfanger benutzer teilnehmer adress destinatair utilisateur abonne destinatari usuari utent indirizz
    enderec direccion titular ontvanger gebruiker adres. mottagar anvandar adress modtager bruger mottaker
    bruker vastaanottaj kayttaj osoit odbiorc uzytkownik adres prijemc uzivatel pouzivatel adresat cimzett
    felhasznalo destinatar utilizator adresa получател пользовател адрес адресат одержувач користувач
    потребител alici kullanici παραληπτ χρηστη διευθυνσ primatelj primalac korisni prejemnik uporabnik
    naslov gavej vartotoj adresas sanemej lietotaj saaja kasutaja aadress penerima pengguna alamat
    nguoi_nhan nguoi_dung dia_chi
"""
PLACE = """
    domain domane domaine domini domein doman domen домен tartomany alan_adi verkkotunnus hostname
    host_name destination_host destination_computer destination_system
"""
NOT = """
    not. no. none. never. nobody. cannot. without. neither. nicht. kein. keine. keinen. keiner. keinem.
    niemand. pas. aucun. aucune. jamais. ningun. ninguna. nadie. non. nessun. nessuna. nessuno. nao.
    nenhum. nenhuma. niet. geen. inte. ingen. inget. ikke. ej. ei. eika. nie. zaden. zadn nema. neni. ne.
    nem. nincs. nincsen. nu. nicio. niciun. не. нет. нема. немае. ні. няма. yok. yoktur. degil. degildir.
    δεν. nije. nera. nav. pole. tidak. bukan. khong. brak.
"""
# Before a person or a mailbox: there is none.
NONE = """
    no. kein. keine. keinen. aucun. aucune. ningun. ninguna. nessun. nessuna. nenhum. nenhuma. geen.
    ingen. inget. nie_ma. nema. neni. nincs. нет. нема. няма. ei_ole. nu_exista. nera. nav. pole.
    tidak_ada. khong_co.
"""
BEING = """
            vergeben. exist found. located. identified. resolved. know list regist live. lives. correspond
    belong match
    present recogni resid valid.
    ours. appear defin configured provision associat connu existe trouv enregistr encontr registr conoc
    valid. trovat esist risulta attivat gefunden bekannt existier vorhanden gultig angelegt gefuhrt
    verzeichn zugeordnet gevonden bekend bestaa geregistr hitta finns fundet funnet findes finnes kjen
    kend kand registrer loyd loyt olemassa ole. rekister znalez istnie zarejestr nalez najd existuj
    registrov zaveden talal letez gasit cunoscut inregistr найд суще зарегистр известн значит числит
    заведен создан знайд існу заре намер същест kayitli bulun mevcut tanim βρεθηκ υπαρχ postoj pronad
    registr obstaj najden rasta. rasti. egzist atrast eksist leitud ditemukan terdaftar dikenal ton_tai
    tim_thay on_this_(?:system|host|server|site|machine|house)
    at_this_(?:system|host|server|site|machine|house)
    (?:of|one)_(?:our|my|the)_(?:users|customers|recipients)
    in_(?:our|the|this)_(?:director|list|system|database)
"""
GONE = """
    closed. deleted. removed. terminated. cancel discontinu retire decommission abandon resign geloscht
    aufgelost geschlossen entfernt ferme. fermee. supprim clotur cerrad eliminad borrad chius cancellat
    cessat encerrad excluid removid apagad opgeheven gesloten verwijderd stangd avslutad borttag slettet
    lukket suljet poistet usuniet zamkniet zlikwid zrusen smazan zmazan megszunt torol sters inchis удален
    закрыт ликвидир видален закрит kapatil silin διαγρ obrisan zatvoren ukinjen istrint dzest kustutat
    dihapus ditutup
"""
FULL = """
    full. overflow exceed over. limit quota capacit voll. uberfullt uberschritt uberschreit erschopft
    plein satur depass llen[oa]. exced supera limite pien[oa]. esaurit chei[oa]. lotad atingi vol. fuld.
    fyldt taynna ylit peln przekroc przepel pln[aey]. preplnen prekroc betelt megtelt tullep elerte
    plin[a]. depas переполн превы заполн перевищ dolu. doldu asti. asildi πληρ γεματ υπερβασ pun[ao]?.
    premas pilna perpild virsyt parsnie tais. uletata penuh melebihi day.
"""
SILENT = """
    respon[ds] answer reach contact antwort erreich repond joign contest respond rispond raggiung antwoord
    bereik svar vastaa odpowiad odpov valaszol raspun отвеча отвіча yanit cevap odgovar atsak atbild vasta
"""
SERVER = """
    server host serveur servidor servern palvelin serwer kiszolgalo сервер sunucu διακομιστ posluzitelj
    streznik machine system handset subscriber phone line
"""
# What is said beside these is about somebody else, leave to write, a while, or another thing.
ELSE = """
    your you. sender sending originat from. accept allow permi authori relay spam quota space verif tempor
    moment respon connect yet. again trust reputation polic rule deny denied block sign open attachment
    subject intended size specified given content header message. mail. mails. access available
    unavailable absender expediteur remitent remetent mittent afzender avsand afsend avsend lahetta nadawc
    odesil odosiel felado expeditor отправител відправник подател gonderen αποστολ posiljatel annehm
    akzept accett aceit prij zeitweise vorubergehend provisoir momentan временн тимчасов gecici допуст
    erlaub berechtig gestatt
"""
# Said of a domain, this is about what the server serves and not about what there is.
SERVED = "here. this. our. local hosted relay handled served reverse ptr client helo serve"
